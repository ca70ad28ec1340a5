"""Writes the yearly public holidays of China as data files, from the chinesecalendar package."""
