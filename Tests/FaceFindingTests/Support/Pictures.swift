import MienMedia

func blank(_ width: Int, _ height: Int, _ value: UInt8 = 128, _ format: Picture.Format = .rgb) -> Picture {
    Picture(width: width, height: height, format: format, pixels: [UInt8](repeating: value, count: width * height * format.channels))
}
