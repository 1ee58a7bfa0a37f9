"""Lessons: short texts that play over the pages.

A lesson owns no picture. Its steps are links to pages, each with two or three sentences and mostly a question
(`reading`); `player` sets the pages up and keeps what was answered; `strip` is what a learner sees of it.
"""
