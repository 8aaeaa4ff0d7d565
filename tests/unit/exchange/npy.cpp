// .npy files: written as NumPy reads them, refused with the reason. tests/cli/ has NumPy itself read and write them.
#include "harness/exchange/npy.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "harness/base/error.hpp"
#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"
#include "harness/exchange/manifest.hpp"

namespace stele::npy_test {
namespace {

TensorSpec spec(Dtype dtype, std::vector<std::int64_t> shape) {
    TensorSpec made;
    made.name = "A";
    made.dtype = dtype;
    made.shape = std::move(shape);
    for (std::size_t i = 0; i < made.shape.size(); ++i)
        made.dimensions.push_back(std::string(1, static_cast<char>('I' + i)));
    return made;
}

std::string file_with(const std::string& header, const std::string& data, char major = 1) {
    std::string bytes = "\x93NUMPY";
    bytes += {major, 0, static_cast<char>(header.size()), 0};
    if (major > 1) bytes += {0, 0};
    return bytes + header + data;
}

std::string refusal(const std::string& bytes, const TensorSpec& wanted) {
    try {
        tensor_from_npy(bytes, wanted, "A.npy");
    } catch (const BadInput& error) {
        return error.what();
    }
    return "";
}

TEST(Npy, ReadsBackEveryDtypeAndRank) {
    for (Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16, Dtype::f64, Dtype::i32, Dtype::u8})
        for (const std::vector<std::int64_t>& shape :
             std::vector<std::vector<std::int64_t>>{{}, {3}, {2, 5}, {0, 4}, {2, 1, 3, 2}}) {
            Tensor tensor(spec(dtype, shape));
            for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = static_cast<std::byte>(i * 37);
            const std::string bytes = npy_bytes(tensor);
            EXPECT_EQ((bytes.size() - tensor.data.size()) % 64, 0u);
            EXPECT_EQ(tensor_from_npy(bytes, tensor.spec, "A.npy").data, tensor.data);
        }
}

TEST(Npy, ReadsLaterFormatsAndOtherSpellings) {
    const TensorSpec wanted = spec(Dtype::u8, {2});
    for (char major : {1, 2, 3})
        EXPECT_EQ(
            tensor_from_npy(file_with("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"|u1\"}\n", "ab", major),
                            wanted, "")
                .data.size(),
            2u);
    EXPECT_EQ(refusal(file_with("{'descr': '|u1', 'fortran_order': True, 'shape': (2,), }", "ab"), wanted), "");
}

TEST(Npy, SaysWhatIsWrong) {
    const TensorSpec wanted = spec(Dtype::f32, {2, 2});
    const std::string data(16, '\0');
    const auto expect = [&](const std::string& bytes, const std::string& part) {
        const std::string message = refusal(bytes, wanted);
        EXPECT_NE(message.find(part), std::string::npos) << "got: " << message;
    };
    expect("", "is not a .npy file");
    expect("\x93NUMPY\x01", "truncated in its header");
    expect(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", data).substr(0, 30),
           "truncated in its header");
    expect(file_with("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }", data),
           "holds '<f8', but A is f32, which is stored as '<f4'");
    expect(file_with("{'descr': '>f4', 'fortran_order': False, 'shape': (2, 2), }", data), "holds '>f4'");
    expect(file_with("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }", data), "Fortran order");
    expect(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }", data),
           "has the shape (4,), but A is (I, J) = (2, 2)");
    expect(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", data.substr(1)), "truncated");
    expect(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", data + "x"), "too long");
    expect(file_with("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2, 2), }", data),
           "structured dtypes");
    expect(file_with("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 2), }", data), "neither True nor False");
    expect(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 2), }", data), "shape holds no counts");
    expect(file_with("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", data),
           "shape holds no counts");
    expect(file_with("{'descr", data), "a string does not end");
    expect(file_with("", data), "no '{' where one must be");
    expect(std::string("\x93NUMPY\x07").append(20, '\0'), "format 7");
}

TEST(Npy, AnOpenLengthIsTheFilesAndNoMoreThanItHolds) {
    TensorSpec open = spec(Dtype::i32, {3});
    open.open_length = true;
    const auto file = [](const std::string& shape, std::size_t bytes) {
        return file_with("{'descr': '<i4', 'fortran_order': False, 'shape': " + shape + ", }", std::string(bytes, 1));
    };
    EXPECT_EQ(tensor_from_npy(file("(5,)", 20), open, "A.npy").spec.shape, std::vector<std::int64_t>{5});
    EXPECT_NE(refusal(file("(5,)", 16), open).find("truncated"), std::string::npos);
    EXPECT_NE(refusal(file("(5, 1)", 20), open).find("has the shape (5, 1)"), std::string::npos);
    for (const char* wraps : {"(4611686018427387904,)", "(4611686018427387909,)"})  // 2^62 elements are 2^64 bytes
        EXPECT_NE(refusal(file(wraps, 20), open).find("truncated"), std::string::npos) << wraps;
}

TEST(Npy, IsWrittenByteForByteAsNumPyWritesIt) {
    Tensor tensor(spec(Dtype::u8, {2}));
    tensor.data = {std::byte{'a'}, std::byte{'b'}};
    // 10 bytes, the header with its line end up to 128, and the data.
    std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2,), }";
    header.resize(117, ' ');
    EXPECT_EQ(npy_bytes(tensor), file_with(header + '\n', "ab"));
    EXPECT_NE(npy_bytes(Tensor(spec(Dtype::u8, {}))).find("'shape': (), }"), std::string::npos);
    EXPECT_NE(npy_bytes(Tensor(spec(Dtype::u8, {2, 1}))).find("'shape': (2, 1), }"), std::string::npos);
}

TEST(Npy, AHeaderOfMoreThanAByteCanSayIsReadBack) {
    std::vector<std::int64_t> shape(20, 1000000000000);
    shape.front() = 0;
    const Tensor tensor(spec(Dtype::f64, shape));
    const std::string bytes = npy_bytes(tensor);
    // 20 extents, most of 13 digits, and 52 letters around them: 371 up to a multiple of 64, less 10.
    EXPECT_EQ(bytes.size(), 384u);
    EXPECT_EQ(bytes[8], static_cast<char>(374 - 256));
    EXPECT_EQ(bytes[9], 1);
    EXPECT_EQ(tensor_from_npy(bytes, tensor.spec, "A.npy").spec.shape, shape);
}

TEST(Npy, TypesAreNumPysOwn) {
    const std::pair<Dtype, std::string_view> types[] = {{Dtype::f32, "<f4"},  {Dtype::tf32, "<f4"}, {Dtype::f16, "<f2"},
                                                        {Dtype::bf16, "<u2"}, {Dtype::f64, "<f8"},  {Dtype::i32, "<i4"},
                                                        {Dtype::u8, "|u1"},   {Dtype::e4m3, "|u1"}, {Dtype::s8, "|i1"}};
    for (const auto& [dtype, type] : types) EXPECT_EQ(npy_type(dtype), type) << name(dtype);
}

TEST(Npy, ReadsBlanksWherePythonAllowsThem) {
    const TensorSpec wanted = spec(Dtype::u8, {2, 1});
    for (const char* header :
         {" { 'descr' : '|u1' , 'fortran_order' :  False , 'shape' : ( 2 , 1 ) } ",
          "{'descr':'|u1','fortran_order':False,'shape':(2,1,),}", "{'shape': (2, 1), 'descr': '|u1'}"})
        EXPECT_EQ(refusal(file_with(header, "ab"), wanted), "") << header;
}

TEST(Npy, RefusesAHeaderThatIsNoDictionaryOfTheThreeKeys) {
    const TensorSpec wanted = spec(Dtype::u8, {2});
    const auto expect = [&](const std::string& header, const std::string& said) {
        EXPECT_EQ(refusal(file_with(header, "ab"), wanted), "A.npy " + said) << header;
    };
    const std::string unreadable = "has a header that cannot be read: ";
    expect("{'descr': '|u1', 'other': 'x', 'shape': (2,)}", "has an unknown key 'other' in its header");
    expect("{'fortran_order': False, 'shape': (2,)}", "has no descr in its header");
    expect("{}", "has no descr in its header");
    expect("'descr': '|u1'}", unreadable + "no '{' where one must be");
    expect("{'descr' '|u1'}", unreadable + "no ':' where one must be");
    expect("{'descr': '|u1' 'shape': (2,)}", unreadable + "no '}' where one must be");
    expect("{'descr': '|u1', 'shape': [2]}", unreadable + "no '(' where one must be");
    expect("{'descr': '|u1', 'shape': (2 2)}", unreadable + "no ')' where one must be");
    expect("{'descr': '|u1', 'shape': (2", unreadable + "no ')' where one must be");
    expect("{'descr': '|u1', 'shape': (x)}", unreadable + "shape holds no counts");
    expect("{'descr\": '|u1'}", unreadable + "no ':' where one must be");
}

TEST(Npy, EndsWhereItsHeaderSays) {
    const TensorSpec wanted = spec(Dtype::u8, {0});
    EXPECT_EQ(refusal("\x93NUMPY", wanted), "A.npy is truncated in its header");
    EXPECT_EQ(refusal(std::string("\x93NUMPY\x01\0\0", 9), wanted), "A.npy is truncated in its header");
    EXPECT_EQ(refusal(std::string("\x93NUMPY\x02\0\0\0\0", 11), wanted), "A.npy is truncated in its header");
    EXPECT_EQ(refusal(file_with("x", "").substr(0, 10), wanted), "A.npy is truncated in its header");
    for (const char major : {1, 2}) {
        const std::string bytes = file_with("", "", major);
        EXPECT_EQ(refusal(bytes, wanted), "A.npy has a header that cannot be read: no '{' where one must be");
    }
    EXPECT_EQ(refusal(file_with("{'descr': '|u1', 'shape': (0,)}", ""), wanted), "");
    for (const char major : {0, 4})
        EXPECT_EQ(refusal(file_with("{}", "", major), wanted),
                  "A.npy is of .npy format " + std::to_string(major) + "; 1, 2 and 3 are read");
}

TEST(Npy, SaysHowATypeIsStoredAndWhatShapeItHas) {
    const auto said = [](Dtype dtype, const char* type) {
        return refusal(file_with("{'descr': '" + std::string(type) + "', 'shape': (2,)}", "abcd"), spec(dtype, {2}));
    };
    EXPECT_EQ(said(Dtype::bf16, "<f2"), "A.npy holds '<f2', but A is bf16, which is stored as '<u2' (its bits)");
    EXPECT_EQ(said(Dtype::e4m3, "<f2"), "A.npy holds '<f2', but A is e4m3, which is stored as '|u1' (its bits)");
    EXPECT_EQ(said(Dtype::f16, "<u2"), "A.npy holds '<u2', but A is f16, which is stored as '<f2'");
    EXPECT_EQ(refusal(file_with("{'descr': '|u1', 'shape': (5,)}", "abcde"), spec(Dtype::u8, {3})),
              "A.npy has the shape (5,), but A is (I) = (3,)")
        << "its length is not open";
    EXPECT_EQ(refusal(file_with("{'descr': '|u1', 'shape': (3,)}", "ab"), spec(Dtype::u8, {3})),
              "A.npy holds 2 bytes of data where its shape needs 3: it is truncated");
    EXPECT_EQ(refusal(file_with("{'descr': '|u1', 'shape': (3,)}", "abcd"), spec(Dtype::u8, {3})),
              "A.npy holds 4 bytes of data where its shape needs 3: it is too long");
}

class Folder : public testing::Test {
protected:
    const TemporaryFolder folder_;
    const std::filesystem::path path_ = folder_.path();
};

using NpyFile = Folder;

TEST_F(NpyFile, IsReadBackAndToldByItsPath) {
    Tensor tensor(spec(Dtype::u8, {2}));
    tensor.data = {std::byte{'a'}, std::byte{'b'}};
    write_npy(path_ / "A.npy", tensor);
    EXPECT_EQ(read_npy(path_ / "A.npy", tensor.spec).data, tensor.data);
    const auto said = [&](const std::string& file) -> std::string {
        try {
            read_npy(path_ / file, tensor.spec);
        } catch (const CannotRead& error) {
            return "cannot read";
        } catch (const BadInput& error) {
            return error.what();
        }
        return "";
    };
    EXPECT_TRUE(said("B.npy").ends_with("; it should hold the input A")) << said("B.npy");
    // A MiB more than the tensor's two bytes is looked at, no more.
    write_atomically(path_ / "A.npy",
                     file_with("{'descr': '|u1', 'shape': (2,)}", std::string(1 << 20, 'x')).substr(0, (1 << 20) + 2));
    EXPECT_TRUE(said("A.npy").ends_with("it is too long")) << said("A.npy");
    write_atomically(path_ / "A.npy",
                     file_with("{'descr': '|u1', 'shape': (2,)}", std::string(1 << 20, 'x')).substr(0, (1 << 20) + 3));
    EXPECT_TRUE(said("A.npy").ends_with("; it should hold the input A")) << said("A.npy");
}

using AtomicFile = Folder;

TEST_F(AtomicFile, ReplacesWholeAndLeavesNothingBeside) {
    const auto file = path_ / "new" / "folder" / "report.json";
    check_writable(file);
    EXPECT_FALSE(std::filesystem::exists(file));
    write_atomically(file, "first");
    write_atomically(file, "second");
    std::ifstream in(file);
    std::string text;
    in >> text;
    EXPECT_EQ(text, "second");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}), 1);
}

TEST_F(AtomicFile, KeepsALinkAndWritesItsTarget) {
    write_atomically(path_ / "real", "old");
    std::filesystem::create_symlink("real", path_ / "link");
    write_atomically(path_ / "link", "new");
    EXPECT_TRUE(std::filesystem::is_symlink(path_ / "link"));
    std::ifstream in(path_ / "real");
    std::string text;
    in >> text;
    EXPECT_EQ(text, "new");
}

TEST_F(AtomicFile, RefusesBeforeTheWork) {
    write_atomically(path_ / "file", "x");
    EXPECT_THROW(check_writable(path_), CannotWrite);
    EXPECT_THROW(check_writable(path_ / "file" / "report.json"), CannotWrite);
    EXPECT_THROW(check_writable("/proc/report.json"), CannotWrite);
    EXPECT_NO_THROW(check_writable("/dev/null"));
    EXPECT_NO_THROW(write_atomically("/dev/null", "x"));
    EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

}  // namespace
}  // namespace stele::npy_test
