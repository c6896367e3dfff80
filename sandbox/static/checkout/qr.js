/** A picture that looks like a QR code, the same for the same text. It leads nowhere: there is no bank to read it. */
const SIZE = 29;
const EYE = 7;
const SVG = "http://www.w3.org/2000/svg";

export function likeness(text, label) {
  const dark = noise(text);
  let path = "";
  for (let y = 0; y < SIZE; y += 1) {
    for (let x = 0; x < SIZE; x += 1) {
      const bit = dark();
      if (inEye(x, y) ?? bit) path += `M${x} ${y}h1v1h-1z`;
    }
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `-2 -2 ${SIZE + 4} ${SIZE + 4}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.classList.add("qr");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** Whether a cell of the three corner marks is dark; undefined outside of them. */
function inEye(x, y) {
  const far = SIZE - EYE;
  for (const [left, top] of [[0, 0], [far, 0], [0, far]]) {
    const [dx, dy] = [x - left, y - top];
    if (dx < -1 || dy < -1 || dx > EYE || dy > EYE) continue;
    const ring = Math.max(Math.abs(dx - 3), Math.abs(dy - 3));
    return ring !== 2 && ring !== 4;
  }
  return undefined;
}

function noise(text) {
  let seed = 2166136261;
  for (const letter of text) seed = Math.imul(seed ^ letter.charCodeAt(0), 16777619);
  return () => {
    seed = Math.imul(seed ^ (seed >>> 15), 2246822519) + 0x9e3779b9;
    return ((seed ^ (seed >>> 13)) >>> 0) % 100 < 48;
  };
}
