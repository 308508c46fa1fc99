/// What the tool's exit codes mean; after sysexits.h, except 1.
enum ExitStatus {
    static let success: Int32 = 0
    /// Some inputs failed, and were reported; the others were answered.
    static let someFailed: Int32 = 1
    static let usage: Int32 = 64
    /// No input could be read.
    static let noInput: Int32 = 66
    /// Something that is needed is not there: a model, the host.
    static let unavailable: Int32 = 69
    /// A defect of mien.
    static let software: Int32 = 70
    /// An output file could not be written.
    static let cannotCreate: Int32 = 73
    static let inputOutput: Int32 = 74
    /// The other side broke the protocol.
    static let protocolViolation: Int32 = 76
    /// A plugin is not what it should be.
    static let configuration: Int32 = 78

    static let explanation = """
        EXIT STATUS:
          0   all went well
          1   some inputs failed and were reported
          64  wrong usage
          66  no input could be read
          69  a model or the host is not available
          70  a defect of mien
          73  an output file could not be written
          74  reading or writing failed
          76  the other side broke the protocol
          78  a plugin is set up wrongly
        """
}
