import CImaging

/// The room in which a C function leaves one line.
struct CMessage {
  var characters = [CChar](repeating: 0, count: Int(CI_MESSAGE_SIZE))

  var text: String {
    String(
      decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
