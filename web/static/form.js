/* Questions of a model: pictures and sounds are shown before they are sent, files can be dropped, whoever pastes numbers means them. */
"use strict";
for (const place of document.querySelectorAll(".drop")) {
  const inputs = [...place.querySelectorAll("input[type=file]")];
  const preview = place.querySelector("img.preview, audio.preview");
  const show = (file) => {
    if (!preview || !file) return;
    if (preview.src.startsWith("blob:")) URL.revokeObjectURL(preview.src);
    preview.src = URL.createObjectURL(file);
    preview.hidden = false;
  };
  const thumbs = place.querySelector(".chosen");
  const showAll = () => {
    for (const old of thumbs.querySelectorAll("img")) URL.revokeObjectURL(old.src);
    thumbs.replaceChildren(...inputs.flatMap((input) => [...input.files]).map((file) => {
      const item = document.createElement("li"), picture = document.createElement("img");
      picture.className = "thumb";
      picture.src = URL.createObjectURL(file);
      picture.alt = file.name;
      item.append(picture);
      return item;
    }));
    thumbs.hidden = !thumbs.children.length;
  };
  const chosen = (input) => {
    if (thumbs) {
      showAll();
      return;
    }
    for (const other of inputs) if (other !== input) other.value = "";
    show(input.files[0]);
    means(place);
  };
  for (const input of inputs) input.addEventListener("change", () => { if (input.files.length) chosen(input); });
  place.addEventListener("dragover", (event) => { event.preventDefault(); place.classList.add("over"); });
  place.addEventListener("dragleave", () => place.classList.remove("over"));
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    inputs[0].files = event.dataTransfer.files;
    chosen(inputs[0]);
  });
}
for (const text of document.querySelectorAll(".series textarea")) {
  text.addEventListener("input", () => means(text));
}
function means(within) {
  const own = within.closest(".series")?.querySelector("input[type=radio][value=own]");
  if (own) own.checked = true;
}
