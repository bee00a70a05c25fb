"""A diagnosis or an arbitration as blocks, of which `report.page_forms` writes each format: all say the same."""
