/* The page where one waits for the bot: it is loaded anew once there is an answer, or the bot is there. */
"use strict";
const EVERY_MS = 2000;
const shown = document.querySelector(".big-number");
async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/sign-in/telegram/state", { cache: "no-store" });
    if (answer.ok && (await answer.json()).state === "waiting" && shown) return;
    if (answer.ok) {
      clearInterval(timer);
      location.reload();
    }
  } catch (error) {
    /* The next look may get through. */
  }
}
const timer = setInterval(look, EVERY_MS);
document.addEventListener("visibilitychange", look);
