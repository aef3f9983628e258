"""Documents: a frozen dataclass goes in, the bytes of a PDF, XLSX or CSV come out.

Knows ReportLab, segno and XlsxWriter; must not know the web, the database nor any feature: whoever calls
has already read, masked and put into words what is to be shown.
"""
