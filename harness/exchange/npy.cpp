#include "harness/exchange/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <charconv>
#include <cstring>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"

namespace stele {

namespace {

constexpr std::string_view magic = "\x93NUMPY";

std::string shape_text(const std::vector<std::int64_t>& shape) {
    // As Python writes a tuple: (), (3,), (3, 4).
    return shape.size() == 1 ? fmt::format("({},)", shape.front()) : fmt::format("({})", fmt::join(shape, ", "));
}

/// Reads the header: a Python dict literal with the keys descr, fortran_order and shape.
class Header {
public:
    Header(std::string_view text, const std::string& origin) : rest_(text), origin_(origin) {
        expect('{');
        while (!take('}')) {
            const std::string key = quoted();
            expect(':');
            if (key == "descr")
                descr = quoted();
            else if (key == "fortran_order")
                fortran_order = boolean();
            else if (key == "shape")
                shape = tuple();
            else
                fail(fmt::format("has an unknown key '{}' in its header", key));
            if (!take(',')) {
                expect('}');
                break;
            }
        }
        if (descr.empty()) fail("has no descr in its header");
    }

    std::string descr;
    bool fortran_order = false;
    std::vector<std::int64_t> shape;

    [[noreturn]] void fail(const std::string& why) const { throw BadInput(origin_ + " " + why); }

private:
    void skip_blanks() {
        while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front()))) rest_.remove_prefix(1);
    }
    bool take(char wanted) {
        skip_blanks();
        if (rest_.empty() || rest_.front() != wanted) return false;
        rest_.remove_prefix(1);
        return true;
    }
    void expect(char wanted) {
        if (!take(wanted)) fail(fmt::format("has a header that cannot be read: no '{}' where one must be", wanted));
    }
    std::string quoted() {
        const char quote = take('\'') ? '\'' : '"';
        if (quote == '"' && !take('"'))
            fail("has a header that cannot be read: no string where one must be (structured dtypes are not accepted)");
        const std::size_t end = rest_.find(quote);
        if (end == std::string_view::npos) fail("has a header that cannot be read: a string does not end");
        const std::string text(rest_.substr(0, end));
        rest_.remove_prefix(end + 1);
        return text;
    }
    bool boolean() {
        skip_blanks();
        for (const std::string_view word : {"True", "False"})
            if (rest_.starts_with(word)) {
                rest_.remove_prefix(word.size());
                return word == "True";
            }
        fail("has a header that cannot be read: fortran_order is neither True nor False");
    }
    std::vector<std::int64_t> tuple() {
        std::vector<std::int64_t> extents;
        expect('(');
        while (!take(')')) {
            skip_blanks();
            std::int64_t extent = -1;
            const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
            if (error != std::errc{} || extent < 0) fail("has a header that cannot be read: shape holds no counts");
            rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
            extents.push_back(extent);
            if (!take(',')) {
                expect(')');
                break;
            }
        }
        return extents;
    }

    std::string_view rest_;
    const std::string& origin_;
};

}  // namespace

std::string_view npy_type(Dtype dtype) {
    switch (dtype) {
        case Dtype::f32:
        case Dtype::tf32:
            return "<f4";
        case Dtype::f16:
            return "<f2";
        case Dtype::bf16:
            return "<u2";
        case Dtype::f64:
            return "<f8";
        case Dtype::i32:
            return "<i4";
        case Dtype::u8:
        case Dtype::e4m3:
            return "|u1";
        case Dtype::s8:
            return "|i1";
    }
    return "";
}

std::string npy_bytes(const Tensor& tensor) {
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}",
                                     npy_type(tensor.spec.dtype), shape_text(tensor.spec.shape));
    // The data start at a multiple of 64.
    const std::size_t before = magic.size() + 4;
    header.append(63 - (before + header.size()) % 64, ' ');
    header += '\n';
    std::string bytes(magic);
    bytes += {1, 0, static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
    bytes += header;
    bytes.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size());
    return bytes;
}

Tensor tensor_from_npy(std::string_view bytes, const TensorSpec& wanted_spec, const std::string& origin) {
    TensorSpec spec = wanted_spec;
    const auto fail = [&](const std::string& why) { throw BadInput(origin + " " + why); };
    if (!bytes.starts_with(magic)) fail("is not a .npy file");
    if (bytes.size() < magic.size() + 4) fail("is truncated in its header");
    const auto byte = [&](std::size_t at) { return std::size_t{static_cast<unsigned char>(bytes[at])}; };
    const std::size_t major = byte(6), size_bytes = major == 1 ? 2 : 4, start = 8 + size_bytes;
    if (major < 1 || major > 3) fail(fmt::format("is of .npy format {}; 1, 2 and 3 are read", major));
    if (bytes.size() < start) fail("is truncated in its header");
    std::size_t length = 0;
    for (std::size_t i = size_bytes; i-- > 0;) length = length << 8 | byte(8 + i);
    if (bytes.size() - start < length) fail("is truncated in its header");

    const Header header(bytes.substr(start, length), origin);
    const std::string_view wanted = npy_type(spec.dtype);
    if (header.descr != wanted)
        fail(fmt::format("holds '{}', but {} is {}, which is stored as '{}'{}", header.descr, spec.name,
                         name(spec.dtype), wanted,
                         spec.dtype == Dtype::bf16 || spec.dtype == Dtype::e4m3 ? " (its bits)" : ""));
    if (spec.open_length && header.shape.size() == 1) {
        // Counted before it is multiplied: an element takes at least a byte.
        if (static_cast<std::size_t>(header.shape.front()) > bytes.size())
            fail(fmt::format("is truncated: its shape is {}", shape_text(header.shape)));
        spec.shape = header.shape;
    }
    if (header.shape != spec.shape)
        fail(fmt::format("has the shape {}, but {} is {} = {}", shape_text(header.shape), spec.name,
                         fmt::format("({})", fmt::join(spec.dimensions, ", ")), shape_text(spec.shape)));
    if (header.fortran_order && spec.shape.size() > 1)
        fail("is in Fortran order; save it in C order (numpy.ascontiguousarray)");
    const std::string_view data = bytes.substr(start + length);
    if (data.size() != spec.bytes())
        fail(fmt::format("holds {} bytes of data where its shape needs {}: it is {}", data.size(), spec.bytes(),
                         data.size() < spec.bytes() ? "truncated" : "too long"));
    Tensor tensor(spec);
    if (!data.empty()) std::memcpy(tensor.data.data(), data.data(), data.size());
    return tensor;
}

void write_npy(const std::filesystem::path& path, const Tensor& tensor) { write_atomically(path, npy_bytes(tensor)); }

Tensor read_npy(const std::filesystem::path& path, const TensorSpec& spec) {
    // A little more than it should hold, so that one that is too long is told as what it is.
    constexpr std::size_t header_and_more = std::size_t{1} << 20;
    const std::size_t most_bytes = spec.open_length ? most_text_bytes : spec.bytes() + header_and_more;
    try {
        return tensor_from_npy(read_input(path, most_bytes), spec, path.string());
    } catch (const CannotRead& wrong) {
        throw BadInput(fmt::format("{}; it should hold the input {}", wrong.what(), spec.name));
    }
}

}  // namespace stele
