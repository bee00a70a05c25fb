"""A diagnosis or an arbitration as a page: blocks, of which `report.page_forms` writes each format, so all say the same."""
