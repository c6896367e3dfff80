const EN = {
  title: "Payment",
  test: "Test payment: no money is taken",
  sandbox: "Sandbox checkout",
  to: "to {shop}",
  card: "Card",
  sbp: "SBP",
  mir: "Mir",
  testCard: "Test card",
  number: "Card number",
  expiry: "Expires",
  code: "Code",
  pay: "Pay {amount}",
  qrHint: "Scan the code with your bank's app — or, as this is a sandbox, simply say that you did.",
  qrPaid: "I have paid {amount}",
  qrLabel: "A code like those of bank apps; it leads nowhere",
  saves: "The shop asks to remember the card for later payments.",
  declineTitle: "Play a refusal",
  declineHint: "The bank says no, for a reason of your choice.",
  reason: "Reason",
  decline: "Decline the payment",
  leave: "Back to the shop without paying",
  minutes: "The link is good for {time} more",
  done: "Paid",
  doneText: "{shop} has got {amount}. You can go back.",
  held: "The money is held",
  heldText: "{amount} wait until {shop} takes them. You can go back.",
  expired: "The link has expired",
  expiredText: "Payments here wait for an hour. Nothing was taken: ask the shop for a new link.",
  canceled: "The payment did not go through",
  canceledText: "Nothing was taken. You can go back and try again.",
  back: "Back to {shop}",
  unknown: "There is no such payment",
  unknownText: "Perhaps the sandbox was started anew: it forgets everything then.",
  offline: "No connection. Trying again…",
  badCard: "A card number has 16 to 19 digits",
  reasons: {
    insufficient_funds: "Not enough money",
    general_decline: "The bank gives no reason",
    card_expired: "The card has expired",
    "3d_secure_failed": "3-D Secure failed",
    call_issuer: "The bank wants a call",
    fraud_suspected: "Fraud suspected",
    invalid_csc: "Wrong security code",
    invalid_card_number: "Wrong card number",
    issuer_unavailable: "The bank does not answer",
    payment_method_limit_exceeded: "Limit exceeded",
    payment_method_restricted: "The card is blocked for this",
    country_forbidden: "Cards of this country are not taken",
    identification_required: "The payer must be identified",
    internal_timeout: "Time ran out inside YooKassa",
    permission_revoked: "The payer revoked the permission",
    unsupported_mobile_operator: "Mobile operator not supported",
    deal_expired: "The deal has expired",
    canceled_by_merchant: "The shop canceled it",
    expired_on_capture: "The shop did not take the money in time",
  },
};

const RU = {
  title: "Оплата",
  test: "Тестовый платёж: деньги не списываются",
  sandbox: "Касса песочницы",
  to: "в магазин {shop}",
  card: "Картой",
  sbp: "Через СБП",
  mir: "Мир",
  testCard: "Тестовая карта",
  number: "Номер карты",
  expiry: "Срок",
  code: "Код",
  pay: "Оплатить {amount}",
  qrHint: "Отсканируйте код в приложении банка. А раз это песочница — просто скажите, что оплатили.",
  qrPaid: "Перевод сделан: {amount}",
  qrLabel: "Код, похожий на банковский; он никуда не ведёт",
  saves: "Магазин просит запомнить карту для следующих платежей.",
  declineTitle: "Разыграть отказ",
  declineHint: "Банк откажет по причине, которую вы выберете.",
  reason: "Причина",
  decline: "Отказать в платеже",
  leave: "Вернуться в магазин без оплаты",
  minutes: "Ссылка действует ещё {time}",
  done: "Оплачено",
  doneText: "Магазин {shop} получил {amount}. Можно возвращаться.",
  held: "Деньги заморожены",
  heldText: "{amount} ждут, пока {shop} их заберёт. Можно возвращаться.",
  expired: "Время ссылки вышло",
  expiredText: "Платёж ждёт оплаты один час. Деньги не списаны: попросите у магазина новую ссылку.",
  canceled: "Платёж не прошёл",
  canceledText: "Деньги не списаны. Можно вернуться и попробовать ещё раз.",
  back: "Вернуться в {shop}",
  unknown: "Такого платежа нет",
  unknownText: "Возможно, песочницу перезапустили: тогда она всё забывает.",
  offline: "Нет связи. Пробуем ещё раз…",
  badCard: "В номере карты от 16 до 19 цифр",
  reasons: {
    insufficient_funds: "Недостаточно денег",
    general_decline: "Банк не назвал причину",
    card_expired: "Срок карты истёк",
    "3d_secure_failed": "Не пройдена проверка 3-D Secure",
    call_issuer: "Банк просит позвонить",
    fraud_suspected: "Подозрение на мошенничество",
    invalid_csc: "Неверный код карты",
    invalid_card_number: "Неверный номер карты",
    issuer_unavailable: "Банк не отвечает",
    payment_method_limit_exceeded: "Превышен лимит",
    payment_method_restricted: "Операции по карте запрещены",
    country_forbidden: "Карты этой страны не принимаются",
    identification_required: "Нужна идентификация плательщика",
    internal_timeout: "Истекло время внутри ЮKassa",
    permission_revoked: "Плательщик отозвал разрешение",
    unsupported_mobile_operator: "Оператор связи не поддерживается",
    deal_expired: "Истёк срок сделки",
    canceled_by_merchant: "Отменён магазином",
    expired_on_capture: "Магазин не забрал деньги вовремя",
  },
};

let words = EN;

/** `?lang=`, else what the shop asked for, else the browser's language. */
export function chooseLanguage(locale) {
  const wanted = new URLSearchParams(location.search).get("lang") ?? locale ?? navigator.language;
  const isRussian = wanted.toLowerCase().startsWith("ru");
  words = isRussian ? RU : EN;
  document.documentElement.lang = isRussian ? "ru" : "en";
}

export function t(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export const reasonText = (reason) => words.reasons[reason] ?? reason;

/** `100.00` of RUB as people write it; kopecks only where there are some. */
export function money({ value, currency }) {
  const digits = value.endsWith(".00") ? 0 : 2;
  const format = { style: "currency", currency, currencyDisplay: "narrowSymbol" };
  return new Intl.NumberFormat(document.documentElement.lang, {
    ...format, minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(Number(value));
}
