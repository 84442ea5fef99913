// The listening desk: one sound at a time, a cursor over all pictures, a click or a key to play from there.
// Runs once for the component; what is inside it is drawn anew with every clip.
const sounds = new Map(); // address -> Audio
let playing = null; // {sound, until}
let frame = 0;

const desk = () => element.querySelector(".sq-desk");
const seconds = () => Number(desk().dataset.seconds);
const address = (track) => desk().querySelector(`[data-sound][data-track="${track}"]`).dataset.sound;

function soundOf(track) {
  const url = address(track);
  if (!sounds.has(url)) {
    const sound = new Audio(url);
    sound.preload = "auto";
    sound.addEventListener("ended", stop);
    sounds.set(url, sound);
  }
  return sounds.get(url);
}

function show(at) {
  if (!desk()) return;
  desk().dataset.at = at.toFixed(3);
  for (const cursor of desk().querySelectorAll(".sq-cursor")) cursor.style.left = `${(100 * at) / seconds()}%`;
  for (const picture of desk().querySelectorAll(".sq-picture")) picture.setAttribute("aria-valuenow", at.toFixed(2));
  desk().querySelector(".sq-clock").textContent = `${at.toFixed(1)} of ${seconds().toFixed(1)} s`;
}

function press(track) {
  for (const button of element.querySelectorAll(".sq-play"))
    button.setAttribute("aria-pressed", String(button.dataset.play === String(track)));
}

function follow() {
  if (!playing) return;
  show(Math.min(playing.sound.currentTime, seconds()));
  if (playing.until && playing.sound.currentTime >= playing.until) return stop();
  frame = requestAnimationFrame(follow);
}

function stop() {
  if (playing) playing.sound.pause();
  playing = null;
  cancelAnimationFrame(frame);
  press(null);
}

function play(track, at, until) {
  stop();
  const sound = soundOf(track);
  sound.currentTime = at;
  show(at);
  playing = { sound, track: String(track), until };
  press(track);
  sound.play().then(() => { frame = requestAnimationFrame(follow); }).catch(stop);
}

const now = () => Number(desk().dataset.at) || 0;

element.addEventListener("click", (event) => {
  if (!desk()) return;
  const moment = event.target.closest("[data-at][data-until]");
  if (moment) return play(0, Number(moment.dataset.at), Number(moment.dataset.until) + 0.3);
  const button = event.target.closest(".sq-play");
  if (button) {
    if (playing && playing.track === button.dataset.play) return stop();
    return play(button.dataset.play, now() >= seconds() - 0.05 ? 0 : now());
  }
  const picture = event.target.closest(".sq-picture");
  if (picture) {
    const box = picture.getBoundingClientRect();
    play(picture.dataset.play, Math.max(0, ((event.clientX - box.left) / box.width) * seconds()));
  }
});

element.addEventListener("keydown", (event) => {
  const picture = event.target.closest(".sq-picture");
  if (!picture) return;
  const step = { ArrowLeft: -0.5, ArrowDown: -0.5, ArrowRight: 0.5, ArrowUp: 0.5, PageDown: -5, PageUp: 5 }[event.key];
  if (step) {
    const at = Math.min(seconds(), Math.max(0, now() + step));
    if (playing) playing.sound.currentTime = at;
    show(at);
  } else if (event.key === "Home") show(0);
  else if (event.key === " " || event.key === "Enter") {
    if (playing) stop();
    else play(picture.dataset.play, now());
  } else return;
  event.preventDefault();
});

watch("value", () => {
  const wanted = new Set([...element.querySelectorAll("[data-sound]")].map((sound) => sound.dataset.sound));
  for (const [url, sound] of sounds) {
    if (wanted.has(url)) continue;
    if (playing && playing.sound === sound) stop();
    sounds.delete(url);
  }
  if (playing) {
    press(playing.track);
    show(playing.sound.currentTime);
  }
});
