package mail

// bounceSubjects are the beginnings of subjects of delivery reports, in lower
// case.
func bounceSubjects() []string {
	return []string{
		"undeliver", "delivery status notification", "delivery failure", "delivery failed", "delivery has failed", "delivery notification:", "delivery report",
		"delivery problem", "delivery error", "delivery delayed", "delivery delay", "delivery unsuccessful", "mail delivery", "mail delayed", "mail not delivered",
		"mail could not be delivered", "mail failure", "mail failed", "mail system error", "mail undeliverable", "mail returned", "message delivery", "message delayed",
		"message undeliverable", "message not delivered", "message could not be delivered", "message status - undeliverable", "email delivery fail", "e-mail delivery fail",
		"email not delivered", "email undeliverable", "returned mail", "returned email", "returned to sender", "returned message", "return mail", "failure notice", "failure delivery", "failure to deliver",
		"failed mail", "failed delivery", "failed to deliver", "non-deliver", "nondeliver", "non deliver", "non-livraison", "delayed mail", "delayed delivery", "warning: could not send", "warning: message",
		"warning - delayed mail", "could not send message", "couldn't deliver", "cannot deliver", "unable to deliver", "unknown user", "user unknown", "rejected mail", "automatically rejected", "mail rejected", "postmaster notify",
		"postfix smtp server: errors", "notice: mail delivery", "bounced mail", "bounce:", "message you sent blocked", "considered unsolicited bulk", "banned file", "virus in mail", "considered spam", "there was an error sending your mail", "sorry, your message could not be delivered", "your message could not be", "your message was not delivered", "your email could not be delivered", "message blocked", "message rejected",
		"unzustellbar", "nicht zustellbar", "nicht zugestellt", "zustellung fehlgeschlagen", "zustellbenachrichtigung", "fehler bei der zustellung", "unzustellbare", "nicht übermittelbar", "zurückgewiesene",
		"non remis", "échec de la remise", "echec de la remise", "échec de remise", "échec d'envoi", "échec de l'envoi", "message non délivré", "message non distribué", "non distribuable", "avis de non remise", "retour à l'expéditeur", "utilisateur non recensé", "non distribuibile",
		"non recapitabile", "mancato recapito", "mancata consegna", "impossibile recapitare", "notifica sullo stato", "no se puede entregar", "no se pudo entregar", "no se ha podido entregar", "no entregado", "mensaje no entregado", "error de entrega", "notificación de estado de entrega",
		"não é possível entregar", "não foi possível entregar", "não entregue", "mensagem não entregue", "falha na entrega", "notificação de falha", "onbestelbaar", "kan niet worden afgeleverd", "niet bezorgd",
		"недоставлен", "ваше сообщение не доставлено", "сообщение не доставлено", "не доставлено", "не вдалося доставити", "メッセージを配信できません", "配信不能", "配信エラー", "配信できません", "送信エラー", "送信できませんでした", "メール配信エラー", "不達",
		"退信", "系统退信", "系統退信", "无法送达", "無法送達", "无法投递", "未送达", "未传递", "邮件传递失败", "投递失败", "寄送失敗", "배달 실패", "전송 실패", "전달 실패", "배달되지 않음", "반송", "[반송",
		"nie można dostarczyć", "niedostarcz", "nie dostarczono", "zwrot wiadomości", "kunde inte levereras", "olevererbart", "går inte att leverera", "kunne ikke leveres", "ikke leveret", "ikke levert", "kan ikke leveres",
		"ei voitu toimittaa", "toimitus epäonnistui", "toimittamaton", "nedoručiteln", "nedoručiteľn", "nedoručen", "kézbesíthetetlen", "sikertelen kézbesítés", "teslim edilemedi", "iletilemedi", "gönderilemedi", "netinka pristatyti",
		"δεν παραδόθηκε", "αδυναμία παράδοσης", "לא ניתן למסור", "تعذر التسليم", "تعذر توصيل", "không thể gửi", "không gửi được", "tidak terkirim",
	}
}

// bounceSubjectsAnywhere may stand behind other words, such as a host name.
func bounceSubjectsAnywhere() []string {
	return []string{
		"mail delivery failed", "returning message to sender", "returned to sender", "delivery failure)", "could not be delivered.", "(delivery failure", "delivery status notification (",
		"undeliverable mail", "undelivered mail", "mail failure.", "non remis (",
	}
}

// bounceTexts are what delivery reports say in their first lines, in lower
// case.
func bounceTexts() []string {
	return []string{
		"could not be delivered", "couldn't be delivered", "couldn’t be delivered", "was not delivered", "wasn't delivered", "has not been delivered", "not been delivered", "not yet been delivered", "not be delivered to", "cannot be delivered", "can't be delivered",
		"wasn't able to deliver", "was not able to deliver", "unable to deliver", "were unable to deliver", "not able to deliver", "could not deliver", "cannot deliver", "failed to deliver", "did not reach the following", "did not reach the",
		"delivery to the following recipient", "delevery to the following recipient", "delivery to these recipients", "delivery has failed", "delivery failed", "failed permanently", "delivery problem", "delivery error", "delivery of email", "delivery of this message", "delivery of your message",
		"permanent fatal error", "transient non-fatal error", "had delivery", "transcript of session", "non-delivery report", "error delivering your mail", "error occurred while trying to deliver", "error has occurred while attempting to deliver", "problem delivering", "problems delivering", "encountered delivery problems",
		"undeliverable", "undelivered", "not delivered to the following", "message has been blocked", "was blocked by", "was rejected", "automatically rejected", "rejected by", "rejected for the following", "recipients was rejected", "is not a member", "not a member of this mailing list", "are not member",
		"unknown user", "user unknown", "no such user", "unknown recipient", "recipient unknown", "user not known", "user not listed", "unrouteable address", "invalid final delivery", "invalid user address", "invalid recipient", "invalid address", "mailbox unavailable", "mailbox is full", "mailbox full", "quota exceeded", "over quota", "does not exist",
		"recipient address rejected", "remote host said", "smtp error from remote", "returned message", "returned mail", "return to sender", "failed addresses follow", "failure reasons", "no valid recipients", "message from interscan", "reporting-mta:", "final-recipient:", "has been delayed", "temporarily deferred", "will be retried", "advisory-only email", "trouble delivering", "error sending your mail",
		"group you tried to contact", "mail system at host", "mail delivery software", "mail delivery system", "mailer-daemon", "this is the qmail-send program", "----- original message -----", "original message follows", "below this line is a copy", "rcpt to:<", "unsolicited bulk",
		"n'a pas pu être", "n'a pas pu etre", "n’a pas pu être", "n'a pu être", "n'est pas parvenu", "adresse inconnue", "konnte nicht zugestellt", "konnte nicht übermittelt", "nicht zugestellt werden", "fehler bei der zustellung", "empfänger unbekannt",
		"no se pudo entregar", "no se ha podido entregar", "no pudo ser entregado", "não pôde ser entregue", "não foi possível entregar", "non è stato possibile recapitare", "non è stato recapitato", "impossibile recapitare", "kon niet worden afgeleverd", "kon niet worden bezorgd",
		"не может быть доставлен", "не было доставлено", "не доставлено", "не удалось доставить", "送信できませんでした", "配信できません", "配信されません", "お届けできません", "届けることができません", "存在しないか", "无法投递", "無法投遞", "无法送达", "退回", "배달하지 못", "전달하지 못", "nie można dostarczyć", "nie została dostarczona", "kunde inte levereras", "kunne ikke leveres",
	}
}

// bounceOpenings are first words that only mail systems write, whoever the
// sender claims to be.
func bounceOpenings() []string {
	return []string{
		"this is the qmail-send program", "this is the dragonfly mail agent", "this is the mail system at host", "this message was created automatically by mail delivery software", "this message was created automatically by the smtp relay",
		"--- non-delivery report ---", "message from interscan", "message from interscan messaging security suite", "this is an automatically generated delivery status notification", `"notificationtype":"bounce"`,
		"error message below: 550", "you are not a member of this mailing list", "votre message n'a pas pu etre delivre", "i'm afraid i wasn't able to deliver", "hi! this is the mailer-daemon",
		"your mail sent on:", "--- the following addresses had delivery problems", "we had trouble delivering your message", "your message was automatically rejected by sieve", "-----the following addresses had", "----- the following addresses had", "---the following addresses had delivery errors---",
	}
}
