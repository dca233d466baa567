"""What every service is made of: context, app, background tasks."""
