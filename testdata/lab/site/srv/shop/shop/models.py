from django.db import models


class Product(models.Model):
    name = models.TextField(unique=True)
    price = models.DecimalField(max_digits=8, decimal_places=2)


class Account(models.Model):
    owner = models.TextField()
    balance = models.IntegerField()
