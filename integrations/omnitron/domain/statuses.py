"""Status codes of orders and order items; nothing but canceled has to do with stock."""

CANCELED = 100
APPROVED = 400
SHIPPED = 500

NAMES = {
    50: "cancellation_waiting",
    CANCELED: "canceled",
    200: "waiting",
    300: "payment_waiting",
    350: "confirmation_waiting",
    APPROVED: "approved",
    450: "preparing",
    SHIPPED: "shipped",
    510: "shipped_and_informed",
    520: "ready_for_pickup",
    540: "attempted_delivery",
    544: "review_started",
    545: "review_waiting",
    550: "delivered",
}
"""The published codes. A deployment has others too: a code is any number of up to four digits."""

LARGEST = 9999
