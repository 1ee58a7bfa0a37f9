"""Images beside words: scenes of handwritten digits, a captioner that reads them as patches, and one space for both."""
