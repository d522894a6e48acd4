package main

type process struct{}
type socket struct{}
