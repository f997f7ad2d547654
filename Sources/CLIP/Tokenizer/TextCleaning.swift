/// What is done to a text before it is cut into words.
///
/// Both conventions agree on plain text such as class names, and differ on odd text: full-width
/// letters, curly quotes, `&amp;`, text in a wrong encoding.
public enum TextCleaning: Sendable, Hashable {
  /// NFC and lower case, as the tokenizer of `transformers` 5 does.
  case transformers
  /// ftfy's repairs and HTML's character references too, as the code of the CLIP release and
  /// `open_clip` do. A part of one repair is left out: where only some of a line is UTF-8 in the
  /// wrong encoding, or the encoding is not Latin-1 or Windows-1252.
  case release
}
