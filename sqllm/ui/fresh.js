() => {
  let now; // the key of the files on the page; unknown until the first of them changes
  const keyOf = (element) => element.querySelector("[data-key]")?.dataset.key;
  window.sqllmFresh = {
    // Takes note of new files and says whether the desk, and with it all results, is of these: as behind a link.
    renew(clip, reference) {
      now = clip ? `${clip.path}|${reference ? reference.path : ""}` : "";
      return keyOf(document.querySelector("#desk")) === now;
    },
    fits: (element) => [undefined, now].includes(keyOf(element)) || now === undefined,
    shown: () => keyOf(document.querySelector("#report")) !== undefined,
  };
}
