package demo

// story is a kind of trouble and how it goes. talk alternates between agent
// and requester, the agent first.
type story struct {
	subject, text           string
	team, category, service string
	impact, urgency         int
	tags                    []string
	note                    string
	talk                    []string
	resolution, code        string
}

var stories = []story{
	{"VPN drops every few minutes", "Since this morning the VPN on my {device} drops every few minutes. I have to sign in again each time and lose my work.", teamNetwork, "Network", "VPN", 4, 2, []string{"vpn"},
		"Third report from the same floor this week, check the gateway log.",
		[]string{"Hello {name}, are you on Wi-Fi or on the cable when it happens?", "On Wi-Fi, in {room}. On the cable it seems fine.", "Thank you. I moved you to the new profile, please reconnect once.", "No drops for two hours. Great!"}, "New VPN profile with the shorter keep-alive.", "solved"},
	{"Shared mailbox missing", "My shared mailbox is gone from Outlook since the update. Customers are waiting for answers.", teamApps, "Mail", "E-mail", 3, 2, []string{"outlook", "update"},
		"Auto-mapping was lost for the whole team after the migration.",
		[]string{"I can see your permission, only the mapping is lost. I added it again; please restart Outlook.", "It is back, thank you."}, "Auto-mapping set again for the shared mailbox.", "solved"},
	{"Printer in {room} prints only blank pages", "The printer in {room} takes paper and prints nothing on it. I changed the toner already.", teamWork, "Printing", "Printing", 3, 3, []string{"printer"}, "",
		[]string{"Could you print the test page from the menu of the printer itself?", "Also blank."}, "Drum replaced by the supplier.", "solved"},
	{"Cannot sign in after password change", "I changed my password as asked and now {app} does not let me in any more. The web mail works.", teamDesk, "Access", "Accounts", 4, 2, []string{"password"}, "",
		[]string{"Hello {name}, the old password is still stored on your computer. Please open the credential manager, remove the entry for {app} and try again.", "That was it!"}, "Stored password removed.", "advice"},
	{"New colleague needs an account on Monday", "A new colleague starts on Monday in our team. Same rights as mine, please, and a {device}.", teamDesk, "Access", "Accounts", 4, 3, []string{"onboarding"}, "Laptop is in stock, shelf B2.",
		[]string{"Gladly. What is the full name, and who approves the cost?", "Her name is Nora Blum, approved by my manager in copy.", "The account is ready, the laptop waits at reception."}, "Account made, laptop handed over.", "solved"},
	{"Laptop very slow", "My {device} needs ten minutes to start and {app} freezes all the time.", teamWork, "Hardware", "Laptops", 4, 3, []string{"performance"}, "Disk at 97 %, 4 GB of downloads.",
		[]string{"I would like to look at it together with you. Do you have ten minutes this afternoon?", "Yes, at three.", "The disk was full. I moved the old downloads to the archive; please keep an eye on it."}, "Disk cleaned up.", "solved"},
	{"Wi-Fi weak in {room}", "In {room} the Wi-Fi is so weak that calls break off.", teamNetwork, "Network", "Wi-Fi", 3, 3, []string{"wifi"}, "",
		[]string{"Thank you, I measured it. The access point in the corridor is off since the power cut; I ordered a replacement."}, "Access point replaced.", "solved"},
	{"Phishing mail?", "I got a mail that wants me to confirm my mailbox on a strange page. I did not click. What shall I do?", teamDesk, "Mail", "E-mail", 4, 2, []string{"security", "phishing"}, "Same campaign as last week; sender blocked at the gateway.",
		[]string{"Well spotted, {name}. Please delete it; I blocked the sender for everybody.", "Done."}, "Sender blocked, nobody clicked.", "advice"},
	{"ERP: order cannot be saved", "When I save an order with more than ten lines the ERP says error 4711 and everything is lost.", teamApps, "Software", "ERP", 2, 2, []string{"erp"}, "Reproduced on test. Vendor ticket opened.",
		[]string{"I can reproduce it and told the vendor. Until the fix, please save every nine lines.", "All right, but it costs us an hour a day.", "The vendor's patch is in since noon. Please try again.", "Works again."}, "Vendor patch installed.", "solved"},
	{"Screen stays black in {room}", "The big screen in {room} stays black although the laptop is connected. We have customers at two!", teamWork, "Hardware", "Laptops", 3, 1, []string{"meeting-room"}, "",
		[]string{"I am on my way."}, "Cable was loose in the floor box.", "solved"},
	{"Access to the project folder", "Please give me access to the folder of the spring campaign.", teamDesk, "Access", "Accounts", 4, 4, []string{"permissions"}, "",
		[]string{"The owner of the folder has to agree; I asked. You will hear from me.", "Thanks!", "The owner agreed, the access is there after your next sign-in."}, "Added to the group after approval of the owner.", "solved"},
	{"Telephone rings only once", "My desk telephone rings once and then the caller gets the mailbox.", teamNetwork, "Telephone", "Telephony", 4, 3, []string{"phone"}, "",
		[]string{"Is a diversion switched on? On the display it is the arrow symbol.", "No arrow. It began after the holiday."}, "Diversion of the holiday rota removed on the exchange.", "solved"},
	{"Calendar invitations arrive twice", "Every invitation arrives twice since last week, colleagues have it too.", teamApps, "Mail", "E-mail", 3, 3, []string{"calendar"}, "Two transport rules forward to the same group.",
		[]string{"Thank you, I see it. Two rules send to the same group; I take one out tonight."}, "Doubled transport rule removed.", "solved"},
	{"{app} asks for an update but I am no administrator", "{app} wants to update every morning and asks for an administrator's password.", teamWork, "Software", "Laptops", 4, 4, []string{"update"}, "",
		[]string{"You will get the update from us tonight. Please leave the {device} switched on."}, "Update distributed.", "solved"},
	{"Scan to mail does not work", "Scans from the copier in {room} do not arrive any more.", teamWork, "Printing", "Printing", 3, 3, []string{"printer", "scan"}, "",
		[]string{"The copier still used the old mail relay. I changed it; please scan a page to yourself.", "It arrived. Thank you!"}, "Relay changed on the copier.", "solved"},
	{"Whole office in {room} offline", "Nobody here has a network since five minutes, the telephones are dead too.", teamNetwork, "Network", "Wi-Fi", 2, 1, []string{"outage"}, "Switch in the floor distributor without power.",
		[]string{"We see it. The switch on your floor has no power; a colleague is there in ten minutes.", "Everything is back."}, "Fuse of the floor distributor switched on again; electrician ordered.", "solved"},
	{"Mail to a customer comes back", "My mails to one customer come back with '550 blocked'. Others are fine.", teamApps, "Mail", "E-mail", 4, 2, []string{"mail-flow"}, "",
		[]string{"Could you send me the whole text of the returned mail?", "Here it is: 550 5.7.1 blocked by policy.", "Their provider listed us by mistake; I asked for removal. It takes about a day."}, "Removed from the provider's list.", "solved"},
	{"Second monitor flickers", "The second monitor at my {device} flickers and goes dark at times.", teamWork, "Hardware", "Laptops", 4, 4, []string{"monitor"}, "",
		[]string{"Please swap the two cables and tell me whether the other monitor flickers then.", "Now the other one flickers, so it is the cable?", "Yes. A new cable is in your pigeonhole."}, "Cable replaced.", "solved"},
	{"Time sheet shows the wrong month", "The time sheet shows last month although it is the first.", teamApps, "Software", "ERP", 3, 4, []string{"time-sheet"}, "",
		[]string{"The nightly job was late. It is running now; the new month is there in an hour."}, "Nightly job restarted.", "workaround"},
	{"Lost telephone", "I lost my company telephone on the train this morning!", teamDesk, "Telephone", "Telephony", 4, 1, []string{"security", "lost"}, "Device wiped remotely.",
		[]string{"Sorry to hear that, {name}. I locked and erased it just now. Is there anything on it that was not in the company mail?", "No, only mail and calendar.", "Good. A replacement is ready for you at reception."}, "Telephone erased and replaced.", "solved"},
	{"VPN 连接不稳定", "从今天早上开始，VPN 每隔几分钟就会断开，需要重新登录。设备是 {device}。", teamNetwork, "Network", "VPN", 4, 2, []string{"vpn"}, "和上周的情况一样，检查网关日志。",
		[]string{"您好，请问断开时您使用的是无线网络还是网线？", "无线网络，在办公室里。", "已为您更换新的配置文件，请重新连接一次。", "现在正常了，谢谢！"}, "更换为新的 VPN 配置文件。", "solved"},
	{"申请外接显示器", "我的工位需要一台外接显示器，经理已经同意。", teamWork, "Hardware", "Laptops", 4, 4, []string{"monitor"}, "",
		[]string{"好的，库存中有 27 寸的显示器，明天上午送到您的工位可以吗？", "可以，谢谢。"}, "显示器已送达并安装。", "solved"},
	{"邮箱空间不足", "系统提示我的邮箱已满，无法收发邮件。", teamApps, "Mail", "E-mail", 4, 2, []string{"quota"}, "",
		[]string{"您好，已为您临时增加 2 GB 空间，请同时清理较大的附件。", "好的，已经清理。"}, "增加邮箱空间并清理附件。", "solved"},
	{"打印机无法连接", "更换电脑之后找不到三楼的打印机。", teamWork, "Printing", "Printing", 4, 3, []string{"printer"}, "",
		[]string{"已为您的新电脑添加打印机，请重新启动后再试。", "可以打印了。"}, "重新添加打印机。", "solved"},
	{"Question about the backup of my files", "Are the files on my desktop part of the backup, or only the network drive?", teamDesk, "Software", "Laptops", 4, 4, []string{"question"}, "",
		[]string{"Both: the desktop is copied to the network drive every hour. You find older versions with a right click, 'previous versions'.", "Good to know, thanks."}, "Explained the backup of the desktop.", "advice"},
	{"Website of a supplier is blocked", "The order page of our supplier is blocked as 'gambling'.", teamNetwork, "Network", "Wi-Fi", 4, 3, []string{"proxy"}, "",
		[]string{"The category was wrong; I allowed the page and told the maker of the filter."}, "Page allowed in the filter.", "solved"},
	{"Report exports strange characters", "In the export of the ERP all umlauts are strange characters.", teamApps, "Software", "ERP", 4, 3, []string{"erp", "export"}, "",
		[]string{"When you open the file, please choose 'UTF-8' as the origin. I will ask the vendor to mark the file properly.", "With UTF-8 it is right."}, "Import with UTF-8; wish sent to the vendor.", "workaround"},
	{"Badge does not open the door to {room}", "My badge opens the main door but not {room} any more.", teamDesk, "Access", "Accounts", 4, 3, []string{"badge"}, "",
		[]string{"Your right had expired with the project. Does it go on?", "Yes, until the end of the year."}, "Door right extended to the end of the year.", "solved"},
	{"Strange noise from my computer", "My {device} makes a loud noise like a hair dryer.", teamWork, "Hardware", "Laptops", 4, 3, []string{"fan"}, "",
		[]string{"That is the fan. Please bring it by at any time, I have a loan device ready for you."}, "Fan cleaned; no fault found in the rest.", "no_fault"},
}
