package address

// Cloud is the table of providers, for the test that reads it.
var Cloud = cloud
