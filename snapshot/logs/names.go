package logs

// Values that a format sets where the text does not hold them. They are made
// once, for a conversion of a string costs memory for every entry, and never
// written to.
var (
	serviceNginx    = []byte("nginx")
	serviceApache   = []byte("apache")
	servicePostgres = []byte("postgresql")
	serviceRedis    = []byte("redis")
	serviceGunicorn = []byte("gunicorn")
	loggerRequest   = []byte("django.request")
	wordClient      = []byte("client")
	wordLevel       = []byte("level")
)
