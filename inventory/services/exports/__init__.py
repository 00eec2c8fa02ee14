"""What export files hold: pieces of whole lines, streamed, memory flat whatever their number."""
