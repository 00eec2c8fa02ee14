"""Plays a real order file through the HTTP API, as a shop and its order management would.

orders    reads the file: sales, returns, pseudo products, lines that cannot be read
shop      the places of the shop, and which of its groups an order goes to
stock     what the shop has to sell when it opens
routing   which location ships how much of a line
client    HTTP: token, retries
api       the calls of the Availability and Reservation APIs
answers   what they answer, typed
setup     what has to be there before the first call: organization, graph, credentials
journal   what the order management knows of its own work, kept across a crash
shelves   keeps clients that count stock out of each other's way
story     one order from reservation to shipment; a return
tally     what became of the orders
play      many orders at once
"""
