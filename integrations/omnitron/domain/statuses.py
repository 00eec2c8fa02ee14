"""Status codes of orders and order items; nothing but canceled has to do with stock."""

CANCELED = 100
APPROVED = 400
SHIPPED = 500

LARGEST = 9999
