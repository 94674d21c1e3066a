"""A point read by Django, filtered by django-multitenant and by hand."""

import sys
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings

from turns import serve

address = urlsplit(sys.argv[1])
settings.configure(
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "USER": address.username,
            "HOST": unquote(address.netloc.split("@")[1].rsplit(":", 1)[0]),
            "PORT": address.port,
            "NAME": address.path[1:],
        }
    },
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.db import models
from django_multitenant.models import TenantModel
from django_multitenant.utils import set_current_tenant


class Organization(TenantModel):
    class TenantMeta:
        tenant_field_name = "id"

    class Meta:
        app_label = "peers"
        db_table = "organizations"


class Order(TenantModel):
    org_id = models.BigIntegerField()
    total = models.BigIntegerField()

    class TenantMeta:
        tenant_field_name = "org_id"

    class Meta:
        app_label = "peers"
        db_table = "orders"


class PlainOrder(models.Model):
    org_id = models.BigIntegerField()
    total = models.BigIntegerField()

    class Meta:
        app_label = "peers"
        db_table = "orders"


set_current_tenant(Organization(id=7))
assert '"org_id" = 7' in str(Order.objects.filter(id=500).query)

serve(
    {
        "hooked": lambda: Order.objects.filter(id=500).values_list("total", flat=True).get(),
        "plain": lambda: PlainOrder.objects.filter(org_id=7, id=500)
        .values_list("total", flat=True)
        .get(),
    }
)
