() => {
  const suffixes = SUFFIXES;
  const inBox = (event) => event.target instanceof Element && event.target.closest("#clip, #reference, #live-file");
  const passes = (file) => file.type.startsWith("audio/");
  const asAudio = (files) => {
    const passed = new DataTransfer();
    for (const file of files)
      passed.items.add(passes(file) ? file : new File([file], file.name, {type: "audio/x-unnamed"}));
    return passed;
  };
  document.addEventListener("click", (event) => {
    if (inBox(event) && event.target.matches("input[type=file]"))
      event.target.accept = ["audio/*", "video/*", ...suffixes].join(",");
  }, true);
  document.addEventListener("change", (event) => {
    if (inBox(event) && event.target.matches("input[type=file]") && ![...event.target.files].every(passes))
      event.target.files = asAudio(event.target.files).files;
  }, true);
  document.addEventListener("drop", (event) => {
    if (!inBox(event) || [...event.dataTransfer.files].every(passes)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const dataTransfer = asAudio(event.dataTransfer.files);
    event.target.dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer}));
  }, true);
}
