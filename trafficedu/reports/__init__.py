"""Documents: a frozen dataclass goes in, the bytes of a PDF, XLSX or CSV come out."""
