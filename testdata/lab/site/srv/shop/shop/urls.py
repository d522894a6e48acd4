from django.urls import path

from shop import views

urlpatterns = [
    path("shop/", views.products),
    path("shop/slow", views.slow),
    path("shop/transfer/<int:source>/<int:target>", views.transfer),
    path("shop/basket", views.basket),
    path("shop/recommended", views.recommended),
]

handler500 = "shop.failures.page"
