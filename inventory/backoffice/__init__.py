"""What pages of the back office are made of; the pages are in the apps' `admin`."""
