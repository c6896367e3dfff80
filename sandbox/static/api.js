import { state } from "./state.js";

const ROOT = "/sandbox/api";

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

async function request(method, path, body) {
  const options = { method };
  if (body instanceof FormData) options.body = body;
  else if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json" };
  }
  let response;
  try {
    response = await fetch(ROOT + path, options);
  } catch {
    throw new ApiError("", 0);
  }
  const text = await response.text();
  let data = null;
  try {
    data = text ? JSON.parse(text) : null;
  } catch {
    data = { error: text.slice(0, 200) };
  }
  if (!response.ok) throw new ApiError(data?.error ?? response.statusText, response.status);
  return data;
}

const world = () => `/${state.bot.bot_id}`;
const of = (personId) => `${world()}/people/${personId}`;

export const worlds = () => request("GET", "/worlds");
export const people = () => request("GET", `${world()}/people`);
export const addPerson = (fields) => request("POST", `${world()}/people`, fields);
export const changePerson = (id, fields) => request("PATCH", of(id), fields);
export const chat = (id, limit = 500) => request("GET", `${of(id)}/chat?limit=${limit}`);
export const read = (id) => request("POST", `${of(id)}/read`, {});
export const sendText = (id, text, replyTo) =>
  request("POST", `${of(id)}/text`, replyTo ? { text, reply_to: replyTo } : { text });
export const sendKind = (id, kind) => request("POST", `${of(id)}/send`, { kind });
export const stopDraft = (id, draftId) => request("POST", `${of(id)}/stop-draft`, { draft_id: draftId });
export const press = (id, messageId, data) => request("POST", `${of(id)}/press`, { message_id: messageId, data });
export const callback = (callbackId) => request("GET", `${world()}/callbacks/${encodeURIComponent(callbackId)}`);
export const edit = (id, messageId, text) => request("POST", `${of(id)}/edit`, { message_id: messageId, text });
export const setBlocked = (id, blocked) => request("POST", `${of(id)}/${blocked ? "block" : "unblock"}`, {});
export const addFault = (fault) => request("POST", `${world()}/faults`, fault);
export const clearFaults = () => request("DELETE", `${world()}/faults`);
export const log = (after) => request("GET", `${world()}/log?after=${after}`);
const shop = () => `${world()}/shop`;
export const payments = (limit) => request("GET", `${shop()}/payments?limit=${limit}`);
export const pay = (id) => request("POST", `${shop()}/payments/${id}/pay`, {});
export const refund = (id) => request("POST", `${shop()}/payments/${id}/refund`, {});
export const webhooks = (limit) => request("GET", `${shop()}/webhooks?limit=${limit}`);
export const sendWebhook = (n) => request("POST", `${shop()}/webhooks/${n}/send`, {});
export const shopFaults = () => request("GET", `${shop()}/faults`);
export const addShopFault = (fault) => request("POST", `${shop()}/faults`, fault);
export const clearShopFaults = () => request("DELETE", `${shop()}/faults`);
const inferenceServer = () => `${world()}/inference`;
export const inference = () => request("GET", inferenceServer());
export const changeInference = (changes) => request("PATCH", inferenceServer(), changes);
export const loadModel = (name, ready) => request("POST", `${inferenceServer()}/models/${name}/${ready ? "load" : "unload"}`, {});
export const inferenceFaults = () => request("GET", `${inferenceServer()}/faults`);
export const addInferenceFault = (fault) => request("POST", `${inferenceServer()}/faults`, fault);
export const clearInferenceFaults = () => request("DELETE", `${inferenceServer()}/faults`);
const imagesPath = () => `${world()}/images`;
export const images = () => request("GET", imagesPath());
export const changeImages = (changes) => request("PATCH", imagesPath(), changes);
export const addImagesFault = (fault) => request("POST", `${imagesPath()}/faults`, fault);
export const clearImagesFaults = () => request("DELETE", `${imagesPath()}/faults`);
const exchangePath = () => `${world()}/exchange`;
export const exchange = () => request("GET", exchangePath());
export const addExchangeFault = (fault) => request("POST", `${exchangePath()}/faults`, fault);
export const clearExchangeFaults = () => request("DELETE", `${exchangePath()}/faults`);
const openaiPath = () => `${world()}/openai`;
export const openai = () => request("GET", openaiPath());
export const changeOpenai = (changes) => request("PATCH", openaiPath(), changes);
export const addOpenaiFault = (fault) => request("POST", `${openaiPath()}/faults`, fault);
export const clearOpenaiFaults = () => request("DELETE", `${openaiPath()}/faults`);
const comfyuiPath = () => `${world()}/comfyui`;
export const comfyui = () => request("GET", comfyuiPath());
export const changeComfyui = (switches) => request("PATCH", comfyuiPath(), switches);
export const comfyuiFaults = () => request("GET", `${comfyuiPath()}/faults`);
export const addComfyuiFault = (fault) => request("POST", `${comfyuiPath()}/faults`, fault);
export const clearComfyuiFaults = () => request("DELETE", `${comfyuiPath()}/faults`);
export const restartComfyui = () => request("POST", `${comfyuiPath()}/restart`, {});
export const killComfyuiWorker = () => request("POST", `${comfyuiPath()}/kill-worker`, {});
export const silenceComfyui = () => request("POST", `${comfyuiPath()}/silence`, {});
export const dropComfyuiFiles = () => request("DELETE", `${comfyuiPath()}/files`);
export const webapp = () => request("GET", `${world()}/webapp`);
export const changeWebapp = (changes) => request("PATCH", `${world()}/webapp`, changes);
export const openWebapp = (id, opening) => request("POST", `${of(id)}/webapp`, opening);
export const sendWebappData = (id, data, buttonText) => request("POST", `${of(id)}/webapp/data`, { data, button_text: buttonText });
export const webappMethod = (id, method, params) => request("POST", `${of(id)}/webapp/method`, { method, params });
export const shareWebappPhone = (id) => request("POST", `${of(id)}/webapp/phone`, {});
export const allowWebappWriting = (id) => request("POST", `${of(id)}/webapp/write-access`, {});
const cloudPath = () => `${world()}/cloudpayments`;
export const cloudOrders = (limit) => request("GET", `${cloudPath()}/orders?limit=${limit}`);
export const cloudTransactions = (limit) => request("GET", `${cloudPath()}/transactions?limit=${limit}`);
export const cloudPay = (id) => request("POST", `${cloudPath()}/orders/${id}/pay`, {});
export const cloudReturn = (number, how) => request("POST", `${cloudPath()}/transactions/${number}/${how}`, {});
export const cloudTokens = () => request("GET", `${cloudPath()}/tokens`);
export const changeCloudToken = (token, declines) => request("PATCH", `${cloudPath()}/tokens/${token}`, { declines });
export const cloudWebhooks = (limit) => request("GET", `${cloudPath()}/webhooks?limit=${limit}`);
export const sendCloudWebhook = (n) => request("POST", `${cloudPath()}/webhooks/${n}/send`, {});
export const cloudFaults = () => request("GET", `${cloudPath()}/faults`);
export const addCloudFault = (fault) => request("POST", `${cloudPath()}/faults`, fault);
export const clearCloudFaults = () => request("DELETE", `${cloudPath()}/faults`);
const starsPath = () => `${world()}/stars`;
export const stars = () => request("GET", starsPath());
export const invoice = (slug) => request("GET", `${starsPath()}/invoices/${encodeURIComponent(slug)}`);
export const wallet = (id) => request("GET", `${of(id)}/stars`);
export const setStars = (id, balance) => request("PATCH", `${of(id)}/stars`, { balance });
export const payInvoice = (id, target) => request("POST", `${of(id)}/stars/pay`, target);
export const checkout = (id, wait) => request("GET", `${starsPath()}/checkouts/${id}?wait=${wait}`);
export const changeSubscription = (id, act) => request("POST", `${starsPath()}/subscriptions/${id}/${act}`, {});
export const returnCharge = (id, act) => request("POST", `${starsPath()}/charges/${id}/${act}`, {});
export const addStarsFault = (fault) => request("POST", `${starsPath()}/faults`, fault);
export const clearStarsFaults = () => request("DELETE", `${starsPath()}/faults`);
const mailPath = () => `${world()}/mail`;
export const mail = () => request("GET", mailPath());
export const letters = () => request("GET", `${mailPath()}/letters`);
export const letterHtmlUrl = (n) => `${ROOT}${mailPath()}/letters/${n}/html`;
export const addMailFault = (fault) => request("POST", `${mailPath()}/faults`, fault);
export const clearMailFaults = () => request("DELETE", `${mailPath()}/faults`);
export const clock = () => request("GET", `${world()}/clock`);
export const moveClock = (move) => request("POST", `${world()}/clock`, move);
export const eventsUrl = (id) => `${ROOT}${of(id)}/events`;

export function upload(id, file, as, caption, album) {
  const form = new FormData();
  form.append("file", file, file.name);
  form.append("as", as);
  if (caption) form.append("caption", caption);
  if (album) form.append("album", album);
  return request("POST", `${of(id)}/upload`, form);
}
