package logs

import "stilltrace/index"

// readCron reads "(NAME) WORD (TEXT)", the messages of cron and crontab, and
// busybox crond's "USER NAME pid N cmd TEXT".
func readCron(msg []byte, e *Entry) {
	if rest, ok := cut(msg, "USER "); ok {
		name, rest := cutWord(rest)
		if _, command, ok := around(rest, " cmd "); ok {
			cronJob(name, command, e)
		}
		return
	}
	rest, ok := cut(msg, "(")
	name, rest, ok1 := around(rest, ") ")
	word, text, ok2 := around(rest, " (")
	text, ok3 := cutEnd(text, ")")
	if !ok || !ok1 || !ok2 || !ok3 {
		return
	}
	switch string(word) {
	case "CMD":
		cronJob(name, text, e)
	case "RELOAD", "REPLACE", "DELETE":
		e.mark(index.ActionConfigChanged, index.OutcomeSuccess, index.LevelNotice)
		e.User = name
		e.Set("crontab", text)
	case "BEGIN EDIT", "END EDIT", "LIST", "MAIL":
		e.Level = index.LevelInfo
		e.User = name
	case "STARTUP":
		e.mark(index.ActionServiceStarted, index.OutcomeSuccess, index.LevelInfo)
	case "DEATH":
		e.mark(index.ActionServiceFailed, index.OutcomeFailure, index.LevelCrit)
		e.Set("reason", text)
	case "ERROR", "error", "FAILED":
		e.mark(index.ActionOther, index.OutcomeFailure, index.LevelErr)
		e.Set("reason", text)
	case "INFO", "END", "CMDEND", "CMDOUT":
		e.Level = index.LevelInfo
	}
}

func cronJob(name, command []byte, e *Entry) {
	e.mark(index.ActionScheduledJob, index.OutcomeUnknown, index.LevelInfo)
	e.User = name
	e.Set("command", command)
}

// readAnacron reads "Job `cron.daily' started" and its like.
func readAnacron(msg []byte, e *Entry) {
	e.Level = index.LevelInfo
	rest, ok := cut(msg, "Job `")
	job, rest, ok1 := around(rest, "' ")
	if !ok || !ok1 {
		return
	}
	e.Set("command", job)
	if string(rest) == "started" {
		e.Action = index.ActionScheduledJob
	}
}
