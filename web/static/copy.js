/* What is shown once can be taken along by one press. */
"use strict";
for (const button of document.querySelectorAll("[data-copy]")) {
  const place = document.getElementById(button.dataset.copy);
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(place.value ?? [...place.children].map((each) => each.textContent.trim()).join("\n"));
      button.textContent = button.dataset.done;
    } catch (error) {
      if (place.select) place.select();
      else getSelection().selectAllChildren(place);
    }
  });
}
