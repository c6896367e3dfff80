"""The Bot API's methods by name."""

from sandbox.telegram.methods import albums, chats, editing, profile, sending, stars, updates, webapps
from sandbox.telegram.methods.base import Method
from sandbox.telegram.types import params as p
from sandbox.telegram.types import payments as pay

METHODS: dict[str, Method] = {
    "getMe": Method(p.NoParams, profile.get_me),
    "getUpdates": Method(p.GetUpdates, updates.get_updates),
    "setWebhook": Method(p.SetWebhook, updates.set_webhook),
    "deleteWebhook": Method(p.DeleteWebhook, updates.delete_webhook),
    "getWebhookInfo": Method(p.NoParams, updates.get_webhook_info),
    "sendMessage": Method(p.SendMessage, sending.send_message),
    "sendPhoto": Method(p.SendPhoto, sending.send_photo),
    "sendDocument": Method(p.SendDocument, sending.send_document),
    "sendVoice": Method(p.SendVoice, sending.send_voice),
    "sendMediaGroup": Method(p.SendMediaGroup, albums.send_media_group),
    "sendMessageDraft": Method(p.SendMessageDraft, sending.send_message_draft),
    "sendChatAction": Method(p.SendChatAction, chats.send_chat_action),
    "editMessageText": Method(p.EditMessageText, editing.edit_text),
    "editMessageCaption": Method(p.EditMessageCaption, editing.edit_caption),
    "editMessageMedia": Method(p.EditMessageMedia, editing.edit_media),
    "editMessageReplyMarkup": Method(p.EditMessageReplyMarkup, editing.edit_reply_markup),
    "deleteMessage": Method(p.DeleteMessage, chats.delete_message),
    "deleteMessages": Method(p.DeleteMessages, chats.delete_messages),
    "getFile": Method(p.GetFile, chats.get_file),
    "getForumTopicIconStickers": Method(p.NoParams, chats.get_forum_topic_icon_stickers),
    "getChat": Method(p.GetChat, chats.get_chat),
    "answerCallbackQuery": Method(p.AnswerCallbackQuery, chats.answer_callback_query),
    "setMyCommands": Method(p.SetMyCommands, profile.set_my_commands),
    "getMyCommands": Method(p.MyCommands, profile.get_my_commands),
    "deleteMyCommands": Method(p.MyCommands, profile.delete_my_commands),
    "setMyName": Method(p.SetMyName, profile.set_my_name),
    "getMyName": Method(p.ByLanguage, profile.get_my_name),
    "setMyDescription": Method(p.SetMyDescription, profile.set_my_description),
    "getMyDescription": Method(p.ByLanguage, profile.get_my_description),
    "setMyShortDescription": Method(p.SetMyShortDescription, profile.set_my_short_description),
    "getMyShortDescription": Method(p.ByLanguage, profile.get_my_short_description),
    "setChatMenuButton": Method(p.SetChatMenuButton, profile.set_chat_menu_button),
    "getChatMenuButton": Method(p.GetChatMenuButton, profile.get_chat_menu_button),
    "sendInvoice": Method(pay.SendInvoice, stars.send_invoice),
    "createInvoiceLink": Method(pay.CreateInvoiceLink, stars.create_invoice_link),
    "answerPreCheckoutQuery": Method(pay.AnswerPreCheckoutQuery, stars.answer_pre_checkout_query),
    "getMyStarBalance": Method(p.NoParams, stars.get_my_star_balance),
    "getStarTransactions": Method(pay.GetStarTransactions, stars.get_star_transactions),
    "refundStarPayment": Method(pay.RefundStarPayment, stars.refund_star_payment),
    "editUserStarSubscription": Method(pay.EditUserStarSubscription, stars.edit_user_star_subscription),
    "answerWebAppQuery": Method(p.AnswerWebAppQuery, webapps.answer_web_app_query),
}
"""By the names of the documentation; Telegram finds them in any case of letters."""

BY_LOWER_NAME = {name.lower(): method for name, method in METHODS.items()}
