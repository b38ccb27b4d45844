#include "platform/datagrams.hpp"

#include <cerrno>

#include "datagram_fixture.hpp"

namespace polymux {
namespace {

TEST(Datagrams, NoneWaits) {
  const auto server = open_datagram_socket_here();
  DatagramRoom room(3, 100);

  EXPECT_EQ(receive_datagrams(server.socket.get(), room.slots).status, IoStatus::would_block);
}

TEST(Datagrams, ManyAreReceivedInTheirOrderAndAnsweredToTheirSenders) {
  const auto server = open_datagram_socket_here();
  const auto first = datagram_client_of(server);
  const auto second = datagram_client_of(server);
  write_text(first.get(), "one");
  write_text(second.get(), "two, longer");
  ASSERT_EQ(::send(first.get(), "", 0, 0), 0);
  DatagramRoom room(5, 100);

  const auto got = receive_datagrams(server.socket.get(), room.slots);
  ASSERT_EQ(got.status, IoStatus::done);
  ASSERT_EQ(got.count, 3U);
  const auto sent = send_datagrams(server.socket.get(), std::span(room.slots).first(3));

  EXPECT_EQ(room.text(0), "one");
  EXPECT_EQ(room.text(1), "two, longer");
  EXPECT_EQ(room.text(2), "");
  EXPECT_EQ(sent.status, IoStatus::done);
  EXPECT_EQ(sent.count, 3U);
  EXPECT_EQ(datagram_now(first), "one");
  EXPECT_EQ(datagram_now(second), "two, longer");
  EXPECT_EQ(datagram_now(first), "");
  EXPECT_EQ(datagram_now(first), "nothing");
}

TEST(Datagrams, NoMoreThanThereIsRoomFor) {
  const auto server = open_datagram_socket_here();
  const auto client = datagram_client_of(server);
  for (const auto* const text : {"1", "2", "3"}) write_text(client.get(), text);
  DatagramRoom room(2, 100);

  EXPECT_EQ(receive_datagrams(server.socket.get(), room.slots).count, 2U);
  EXPECT_EQ(receive_datagrams(server.socket.get(), room.slots).count, 1U);
  EXPECT_EQ(room.text(0), "3");
}

TEST(Datagrams, WhatDoesNotFitIsSaidToBeTruncated) {
  const auto server = open_datagram_socket_here();
  const auto client = datagram_client_of(server);
  write_text(client.get(), "12345");
  write_text(client.get(), "1234");
  DatagramRoom room(2, 4);

  ASSERT_EQ(receive_datagrams(server.socket.get(), room.slots).count, 2U);

  EXPECT_TRUE(room.slots[0].is_truncated);
  EXPECT_FALSE(room.slots[1].is_truncated);
  EXPECT_EQ(room.text(1), "1234");
}

TEST(Datagrams, AnErrorOfAnEarlierOneIsToldOnceAndTheSocketIsAsGoodAsBefore) {
  // A connected socket is told that nobody listens there; one that is not, on Linux, never.
  UniqueFd client;
  {
    const auto server = open_datagram_socket_here();
    client = datagram_client_of(server);
  }
  DatagramRoom room(1, 10);
  write_text(client.get(), "nobody");

  EXPECT_EQ(receive_datagrams(client.get(), room.slots).status, IoStatus::failed);
  EXPECT_EQ(errno, ECONNREFUSED);
  EXPECT_EQ(receive_datagrams(client.get(), room.slots).status, IoStatus::would_block);
}

TEST(Datagrams, OneThatCannotBeSentFailsAlone) {
  const auto server = open_datagram_socket_here();
  const auto client = datagram_client_of(server);
  write_text(client.get(), "a");
  write_text(client.get(), "b");
  // Longer than any datagram of IPv4.
  DatagramRoom room(2, 70'000);
  ASSERT_EQ(receive_datagrams(server.socket.get(), room.slots).count, 2U);
  room.slots[0].size = 70'000;

  EXPECT_EQ(send_datagrams(server.socket.get(), room.slots).status, IoStatus::failed);
  EXPECT_EQ(errno, EMSGSIZE);
  EXPECT_EQ(send_datagrams(server.socket.get(), std::span(room.slots).subspan(1)).count, 1U);
  EXPECT_EQ(datagram_now(client), "b");
}

TEST(Datagrams, AddressOfAnotherIsInUse) {
  const auto first = open_datagram_socket_here();
  DatagramSocket second;
  const auto address = resolve(parse_endpoint(first.address).endpoint).addresses.front();

  EXPECT_EQ(open_datagram_listener(address, second), std::errc::address_in_use);
  EXPECT_FALSE(second.socket);
}

}  // namespace
}  // namespace polymux
