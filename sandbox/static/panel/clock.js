import * as api from "../api.js";
import { fill, h } from "../dom.js";
import { addWords, currentLanguage, t } from "../i18n.js";
import { emit, on, state } from "../state.js";
import { attempt } from "../toast.js";

addWords({
  clockTitle: "Time",
  clockHint: "The time of the whole sandbox; it only moves forward.",
  clockHour: "an hour later",
  clockDay: "a day later",
  clockMonth: "30 days later",
  clockMonday: "make it Monday",
}, {
  clockTitle: "Время",
  clockHint: "Время всей песочницы; идёт только вперёд.",
  clockHour: "на час позже",
  clockDay: "на день позже",
  clockMonth: "на 30 дней позже",
  clockMonday: "сделать понедельник",
});

const MOVES = [
  { id: "hour", label: "clockHour", move: { advance: 3600 } },
  { id: "day", label: "clockDay", move: { advance: 86400 } },
  { id: "month", label: "clockMonth", move: { advance: 30 * 86400 } },
  { id: "monday", label: "clockMonday", move: { weekday: "monday" } },
];
const EVERY_MS = 10_000;

let place = null;

const words = ({ now }) => new Date(now * 1000).toLocaleString(currentLanguage(),
  { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });

function show(clock) {
  if (place.textContent !== words(clock)) fill(place, words(clock));
  if (clock.offset === state.ahead) return;
  state.ahead = clock.offset;
  emit("clock");
}

async function redraw() {
  if (!place || !state.bot || document.hidden) return;
  const clock = await api.clock().catch(() => null);
  if (clock) show(clock);
}

async function move({ move: how }) {
  const clock = await attempt(api.moveClock(how));
  if (!clock) return;
  show(clock);
}

setInterval(redraw, EVERY_MS);
on("person", redraw);

export const clock = {
  id: "clock",
  title: "clockTitle",
  draw(body) {
    place = h("p", { class: "clock-now", "aria-live": "polite", dataset: { testid: "clock-now" } });
    body.append(place, h("p", { class: "hint" }, t("clockHint")),
      h("div", { class: "fault-buttons" }, MOVES.map((one) => h("button", { type: "button", class: "chip",
        dataset: { testid: `clock-${one.id}` }, onclick: () => move(one) }, t(one.label)))));
    setTimeout(redraw);
  },
};
