#include "cli/cli.h"

#include <execinfo.h>
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <new>
#include <sstream>

#include "base/progress.h"
#include "base/visible_text.h"
#include "cli/session.h"

namespace liteqat::cli {
namespace {

/// First signal: finish the batch, save, exit 130. Second: exit at once.
void on_signal(int) {
  if (interrupt_requested()) ::_exit(kExitInterrupted);
  request_interrupt();
}

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction hangup = {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);  // ignored under nohup, and to stay so
  // A closed stdout and a limit on the size of files are reported as errors of writing.
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

/// A standard stream that was closed would be the next file that is opened, and what is printed would be written there. In its place a
/// descriptor that cannot be written to: an error of writing like any other.
void fill_standard_streams() {
  for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", O_RDONLY);  // the lowest free one, which is this
  }
}

/// An exception that passes through glibc's own frames (std::call_once's) needs libgcc's unwinder, which glibc loads at that moment, and
/// ends the program where memory for it cannot be had. Asking for a stack trace loads it now.
void load_unwinder() {
  void* frame = nullptr;
  (void)::backtrace(&frame, 1);
}

const std::terminate_handler kStandardTerminate = std::get_terminate();
constexpr char kOutOfMemory[] = "liteqat: out of memory\n";

/// Memory may also end where nothing can be thrown: the destructor of a JSON value allocates (nlohmann's json_value::destroy). The program
/// has to end there and then, which costs what a kill costs, a temporary file at most; the words and the exit code are those of any other
/// place.
void tell_out_of_memory() {
  try {
    if (std::current_exception()) throw;
  } catch (const std::bad_alloc&) {
    (void)!::write(STDERR_FILENO, kOutOfMemory, sizeof(kOutOfMemory) - 1);
    ::_exit(kExitInput);
  } catch (...) {
  }
  kStandardTerminate();
}

/// Help that starts with an example.
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    static const std::map<std::string, std::string> kExamples = {
        {"liteqat", "liteqat run"},
        {"run", "liteqat run cifar10_mobilenet_v2 --data ~/cifar-10-batches-bin"},
        {"train", "liteqat train mnist_guide -o runs/mine"},
        {"qat", "liteqat qat --from runs/mine/float.safetensors"},
        {"convert", "liteqat convert runs/mine/qat.safetensors -o model.tflite --type int8"},
        {"eval", "liteqat eval model.tflite --data data/mnist"},
        {"predict", "liteqat predict model.tflite inputs.npy -o outputs.npy"},
        {"bench", "liteqat bench model.tflite --layers"},
        {"inspect", "liteqat inspect model.tflite --layers"},
        {"audit", "liteqat audit runs/mnist_guide"},
        {"compare", "liteqat compare float.npy tflite.npy --labels y.npy"},
        {"explain", "liteqat explain log.txt --dataset cifar10"},
        {"data", "liteqat data check data/mnist"},
        {"info", "liteqat data info data/mnist"},
        {"check", "liteqat data check data/mnist"},
        {"make", "liteqat data make --format mnist -o /tmp/tiny --train 1000 --test 200"},
    };
    const auto example = kExamples.find(app->get_name());
    std::string text = CLI::Formatter::make_help(app, name, mode);
    if (mode == CLI::AppFormatMode::Sub || example == kExamples.end()) return text;
    return "Example: " + example->second + "\n\n" + text;
  }
};

/// Parses the command line and runs its command. Lets exceptions through.
int parse_and_run(int argc, char** argv, const char* version) {
  Session session;
  session.version = version;
  for (int i = 0; i < argc; ++i) session.resume_command += (i ? " " : "") + std::string(argv[i]);
  CLI::App app("Train, quantize, deploy and compare image classifiers; integer results bit-exact with TensorFlow Lite.", "liteqat");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_version_flag("--version", std::string("liteqat ") + version);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 clean, 1 findings, 2 usage, 3 input or data error, 4 internal error, 130 interrupted (resumable).");
  add_run_commands(app, session);
  add_convert_command(app, session);
  add_eval_command(app, session);
  add_predict_command(app, session);
  add_inspect_command(app, session);
  add_bench_command(app, session);
  add_audit_command(app, session);
  add_compare_command(app, session);
  add_explain_command(app, session);
  add_data_command(app, session);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    if (fault.get_exit_code() == 0) {  // --help, --version
      std::ostringstream text;
      app.exit(fault, text, text);
      session.accept(print_result(text.str()));
      return session.exit_code;
    }
    std::fprintf(stderr, "liteqat: %s (see liteqat --help)\n", visible_text(fault.what()).c_str());
    return kExitUsage;
  }
  return session.exit_code;
}

}  // namespace

int run_command_line(int argc, char** argv, const char* version) {
  fill_standard_streams();
  catch_signals();
  load_unwinder();
  std::set_terminate(tell_out_of_memory);
  try {
    return parse_and_run(argc, argv, version);
  } catch (const std::bad_alloc&) {
    std::fputs(kOutOfMemory, stderr);
    return kExitInput;
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "liteqat: internal error: %s\n", visible_text(fault.what()).c_str());
    return kExitInternal;
  }
}

}  // namespace liteqat::cli
