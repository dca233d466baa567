"""The periodic evaluation of scores, which creates rewards, offers of coaching and nudges."""
