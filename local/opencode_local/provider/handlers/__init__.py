"""One module per AWS service, each with a tuple HANDLERS of its handlers' instances; the registry finds them."""
