"""Language modelling on a text: next-token prediction with the state carried along."""
