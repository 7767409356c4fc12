"""OAuth 2 and OpenID Connect, the client's side: nothing here keeps anything or prints anything."""
