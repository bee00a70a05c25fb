"""The exam that every solver and every library route sits, crossed from the catalogues."""
