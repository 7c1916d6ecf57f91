//! Pure translation between wire protocols and the words of the model.
