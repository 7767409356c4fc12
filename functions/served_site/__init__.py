"""What functions behind a load balancer have in common: requests and answers, routes, and who has signed in."""
