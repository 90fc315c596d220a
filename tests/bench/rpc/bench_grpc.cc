// SPDX-License-Identifier: MIT
// The rival: gRPC C++ unary calls over TCP. The server is the asynchronous one with a completion
// queue, which is its quickest; the client keeps its calls in flight over a completion queue, too.
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "echo.grpc.pb.h"
#include "measure.h"

namespace
{

// Calls waiting for a request at any time.
constexpr int kServerCalls = 64;
constexpr int kTimeoutSeconds = 5;

// One call at the server: waits for a request, answers it, and begins anew.
class ServerCall
{
  public:
    ServerCall(bench::Echo::AsyncService *service, grpc::ServerCompletionQueue *queue)
        : service_(service), queue_(queue)
    {
        WaitForRequest();
    }

    void Continue(bool is_ok)
    {
        if (is_ok && !is_answering_) {
            is_answering_ = true;
            responder_->Finish(request_, grpc::Status::OK, this);
            return;
        }
        WaitForRequest();
    }

  private:
    void WaitForRequest()
    {
        is_answering_ = false;
        context_ = std::make_unique<grpc::ServerContext>();
        responder_ =
            std::make_unique<grpc::ServerAsyncResponseWriter<bench::Quote>>(context_.get());
        service_->RequestEchoQuote(context_.get(), &request_, responder_.get(), queue_, queue_,
                                   this);
    }

    bench::Echo::AsyncService *service_;
    grpc::ServerCompletionQueue *queue_;
    bool is_answering_ = false;
    std::unique_ptr<grpc::ServerContext> context_;
    std::unique_ptr<grpc::ServerAsyncResponseWriter<bench::Quote>> responder_;
    bench::Quote request_;
};

void RunServerQueue(grpc::ServerCompletionQueue *queue)
{
    void *tag = nullptr;
    bool is_ok = false;

    while (queue->Next(&tag, &is_ok))
        static_cast<ServerCall *>(tag)->Continue(is_ok);
}

int Serve(const std::string &address, int threads)
{
    bench::Echo::AsyncService service;
    grpc::ServerBuilder builder;
    std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
    std::vector<std::unique_ptr<ServerCall>> calls;
    std::vector<std::thread> workers;

    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    for (int i = 0; i < threads; i++)
        queues.push_back(builder.AddCompletionQueue());
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server)
        return 1;
    for (auto &queue : queues)
        for (int i = 0; i < kServerCalls; i++)
            calls.push_back(std::make_unique<ServerCall>(&service, queue.get()));
    for (auto &queue : queues)
        workers.emplace_back(RunServerQueue, queue.get());
    for (auto &worker : workers)
        worker.join();
    return 0;
}

bench::Quote Example()
{
    bench::Quote quote;

    quote.set_ticker("AAPL");
    quote.set_price_micros(182500000);
    quote.set_bid_micros(182490000);
    quote.set_ask_micros(182510000);
    quote.set_quoted_at_us(INT64_C(1401714000000000));
    quote.set_sequence(3000000);
    return quote;
}

// One of the calls in flight: when it is answered, it makes the next.
struct ClientCall {
    std::unique_ptr<grpc::ClientContext> context;
    std::unique_ptr<grpc::ClientAsyncResponseReader<bench::Quote>> reader;
    bench::Quote request = Example();
    bench::Quote response;
    grpc::Status status;

    void Start(bench::Echo::Stub *stub, grpc::CompletionQueue *queue)
    {
        context = std::make_unique<grpc::ClientContext>();
        context->set_deadline(std::chrono::system_clock::now() +
                              std::chrono::seconds(kTimeoutSeconds));
        reader = stub->AsyncEchoQuote(context.get(), request, queue);
        reader->Finish(&response, &status, this);
    }
};

void RunClientQueue(bench::Echo::Stub *stub, grpc::CompletionQueue *queue)
{
    void *tag = nullptr;
    bool is_ok = false;

    while (queue->Next(&tag, &is_ok)) {
        ClientCall *call = static_cast<ClientCall *>(tag);

        if (!is_ok || !call->status.ok()) {
            std::fprintf(stderr, "grpc: %s\n", call->status.error_message().c_str());
            std::exit(1);
        }
        measure_count();
        call->Start(stub, queue);
    }
}

int Call(const std::string &address, int in_flight, pid_t server, double seconds)
{
    auto channel = grpc::CreateChannel(address, grpc::InsecureChannelCredentials());
    auto stub = bench::Echo::NewStub(channel);
    grpc::CompletionQueue queue;
    std::vector<ClientCall> calls(static_cast<size_t>(in_flight));

    if (!channel->WaitForConnected(std::chrono::system_clock::now() +
                                   std::chrono::seconds(kTimeoutSeconds)))
        return 1;
    for (auto &call : calls)
        call.Start(stub.get(), &queue);
    std::thread worker(RunClientQueue, stub.get(), &queue);
    measure_run(server, seconds);
    // Without closing anything: the process is over.
    _exit(0);
}

} // namespace

int main(int count, char **arguments)
{
    if (count < 3)
        return 2;
    std::string address = std::string("127.0.0.1:") + arguments[2];
    if (std::strcmp(arguments[1], "serve") == 0)
        return Serve(address, count > 3 ? std::atoi(arguments[3]) : 1);
    if (count == 6)
        return Call(address, std::atoi(arguments[3]), static_cast<pid_t>(std::atol(arguments[4])),
                    std::atof(arguments[5]));
    return 2;
}
