internal import CSndfile
internal import Synchronization

/// A recording in a file or in memory, decoded by libsndfile block by block in constant memory.
///
/// What kind of file it is, is told by its content. If it ends early or is damaged somewhere, what could be decoded before is returned,
/// and a warning says so.
///
/// libmpg123, inside libsndfile, writes a line to the standard error for some damaged MP3 frames; there is no way to silence it from here.
package final class AudioFile: AudioReader {
    package let format: AudioFileFormat
    /// libsndfile's name: "Signed 16 bit PCM".
    package let encoding: String
    package let sampleRate: Int
    package let channels: Int
    package let frameCount: Int?
    package let fullScale: Float
    package private(set) var warnings: [AudioWarning] = []

    private let source: ByteSource
    private let handle: OpaquePointer
    private let limits: AudioLimits
    private let shortfall: String?
    private var position = 0
    private var hasEnded = false

    /// - Throws: `MediaFileError` if there is no such regular file, `AudioError` as `init(_:limits:)` does.
    package convenience init(path: String, limits: AudioLimits = AudioLimits()) throws {
        try self.init(source: ByteSource(path: path), limits: limits)
    }

    /// - Throws: `AudioError` if nothing can be decoded; see its reasons.
    package convenience init(_ bytes: [UInt8], limits: AudioLimits = AudioLimits()) throws(AudioError) {
        try self.init(source: ByteSource(bytes), limits: limits)
    }

    private init(source: ByteSource, limits: AudioLimits) throws(AudioError) {
        self.source = source
        self.limits = limits
        do throws(AudioError) {
            format = try AudioFileFormat(sniffing: source)
        } catch {
            if let why = source.failureText { throw AudioError(.unreadable, "the recording could not be read: \(why)") }
            throw error
        }
        shortfall = AudioStructure.shortfall(of: format, in: source)
        let info: SF_INFO
        (handle, info) = try Self.open(source, format, shortfall)
        // From here on `deinit` does not run if an error is thrown.
        do throws(AudioError) {
            try Self.checkEncoding(info, handle, format)
            try limits.check(channels: Int(info.channels), sampleRate: Int(info.samplerate))
            // The largest number stands for an unknown one.
            if info.frames < Int64.max { try limits.check(frames: Int(max(0, info.frames)), sampleRate: Int(info.samplerate)) }
        } catch {
            sf_close(handle)
            throw error
        }
        encoding = Self.name(of: info.format & Int32(SF_FORMAT_SUBMASK), handle)
        channels = Int(info.channels)
        sampleRate = Int(info.samplerate)
        fullScale = Self.fullScale(of: info.format)
        let isKnown = (0..<Int64.max).contains(info.frames)
            && (format != .mp3 || MPEGAudioFrame.statesCount(at: AudioFileFormat.lengthOfTags(source), in: source))
        frameCount = isKnown ? Int(info.frames) : nil
    }

    deinit { sf_close(handle) }

    /// - Throws: `AUDIO_TRUNCATED` or `AUDIO_CORRUPT` if there should be samples but there are none; `AUDIO_TOO_LONG` once over the limit;
    ///   `AUDIO_UNREADABLE`.
    package func read(into samples: UnsafeMutableBufferPointer<Float>) throws(AudioError) -> Int {
        let room = samples.count / channels
        precondition(room > 0, "there is room for a frame")
        guard !hasEnded else { return 0 }
        let frames = Int(sf_readf_float(handle, samples.baseAddress!, sf_count_t(room)))
        if frames > 0 {
            position += frames
            try limits.check(frames: position, sampleRate: sampleRate)
            return frames
        }
        hasEnded = true
        try examineEnd()
        return 0
    }

    private func examineEnd() throws(AudioError) {
        if let why = source.failureText { throw AudioError(.unreadable, "the recording could not be read: \(why)") }
        let seconds = Double(position) / Double(sampleRate)
        func report(_ reason: AudioWarning.Reason, _ what: String) throws(AudioError) {
            guard position > 0 else { throw AudioError(reason == .truncated ? .truncated : .corrupt, "no sample could be decoded: \(what)") }
            warnings.append(AudioWarning(reason: reason, message: "after \((seconds * 1000).rounded() / 1000) s: \(what)"))
        }
        if sf_error(handle) != 0 {
            try report(.damaged, "the decoder stopped: \(String(cString: sf_strerror(handle)))")
        }
        if let shortfall {
            try report(.truncated, shortfall)
        } else if let frameCount, position < frameCount {
            try report(.truncated, "the recording ends, of \(frameCount) frames that it states it has \(position)")
        }
    }
}

extension AudioFile {
    /// libsndfile keeps the reason of a failed opening, and what its codec libraries set up on first use, in variables of the process.
    private static let opening = Mutex(())

    private static func open(_ source: ByteSource, _ format: AudioFileFormat, _ shortfall: String?) throws(AudioError) -> (OpaquePointer, SF_INFO) {
        // What leaves the lock is this call's own.
        nonisolated(unsafe) let pointer = Unmanaged.passUnretained(source).toOpaque()
        nonisolated(unsafe) var handle: OpaquePointer?
        nonisolated(unsafe) var info = SF_INFO()
        let (code, why) = opening.withLock { _ in
            var io = virtualIO()
            handle = sf_open_virtual(&io, Int32(SFM_READ), &info, pointer)
            return handle == nil ? (Int(sf_error(nil)), String(cString: sf_strerror(nil))) : (0, "")
        }
        if let handle { return (handle, info) }
        if let why = source.failureText { throw AudioError(.unreadable, "the recording could not be read: \(why)") }
        if let shortfall { throw AudioError(.truncated, "the \(format.rawValue) recording cannot be opened: \(shortfall) (\(why))") }
        let isUnsupported = code == SF_ERR_UNSUPPORTED_ENCODING
        throw AudioError(isUnsupported ? .unsupported : .corrupt, "the \(format.rawValue) recording cannot be opened: \(why)")
    }

    private static func virtualIO() -> SF_VIRTUAL_IO {
        SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(byteSource(at: $0).count) },
            seek: { offset, whence, pointer in
                let source = byteSource(at: pointer)
                let base = whence == SF_SEEK_SET ? 0 : whence == SF_SEEK_CUR ? source.position : source.count
                let (position, overflow) = base.addingReportingOverflow(Int(offset))
                guard !overflow, position >= 0 else { return -1 }
                source.position = position
                return sf_count_t(position)
            },
            read: { buffer, count, pointer in
                let source = byteSource(at: pointer)
                guard let buffer, count > 0 else { return 0 }
                let got = source.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(count)), at: source.position)
                source.position += got
                return sf_count_t(got)
            },
            write: { _, _, _ in 0 },
            tell: { sf_count_t(byteSource(at: $0).position) })
    }

    /// The encodings whose decoders are tested; what else libsndfile may have is rarer than the defects in it.
    private static let encodings: Set<Int> = [
        SF_FORMAT_PCM_S8, SF_FORMAT_PCM_U8, SF_FORMAT_PCM_16, SF_FORMAT_PCM_24, SF_FORMAT_PCM_32, SF_FORMAT_FLOAT, SF_FORMAT_DOUBLE, SF_FORMAT_ULAW,
        SF_FORMAT_ALAW, SF_FORMAT_IMA_ADPCM, SF_FORMAT_MS_ADPCM, SF_FORMAT_VORBIS, SF_FORMAT_OPUS, SF_FORMAT_MPEG_LAYER_I,
        SF_FORMAT_MPEG_LAYER_II, SF_FORMAT_MPEG_LAYER_III,
    ]

    private static func checkEncoding(_ info: SF_INFO, _ handle: OpaquePointer, _ format: AudioFileFormat) throws(AudioError) {
        let encoding = info.format & Int32(SF_FORMAT_SUBMASK)
        guard encodings.contains(Int(encoding)) else {
            let name = name(of: encoding, handle)
            throw AudioError(.unsupported, "the \(format.rawValue) recording is encoded as \(name), which is not supported")
        }
    }

    private static func name(of format: Int32, _ handle: OpaquePointer) -> String {
        var info = SF_FORMAT_INFO()
        info.format = format
        let code = sf_command(handle, Int32(SFC_GET_FORMAT_INFO), &info, Int32(MemoryLayout<SF_FORMAT_INFO>.size))
        guard code == 0, let name = info.name else { return "encoding \(format)" }
        return String(cString: name)
    }

    private static func fullScale(of format: Int32) -> Float {
        switch Int(format) & SF_FORMAT_SUBMASK {
        case SF_FORMAT_PCM_S8, SF_FORMAT_PCM_U8: return 127 / 128
        case SF_FORMAT_ULAW: return 32_124 / 32_768
        case SF_FORMAT_ALAW: return 32_256 / 32_768
        default: return 32_767 / 32_768
        }
    }
}

/// What libsndfile hands back to the functions that read for it.
private func byteSource(at pointer: UnsafeMutableRawPointer?) -> ByteSource { Unmanaged.fromOpaque(pointer!).takeUnretainedValue() }
