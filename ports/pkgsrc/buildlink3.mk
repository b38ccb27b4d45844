# $NetBSD$

BUILDLINK_TREE+=	polymux

.if !defined(POLYMUX_BUILDLINK3_MK)
POLYMUX_BUILDLINK3_MK:=

BUILDLINK_API_DEPENDS.polymux+=	polymux>=0.1.0
BUILDLINK_PKGSRCDIR.polymux?=	../../devel/polymux

USE_CXX_FEATURES+=	c++20

.include "../../devel/libevent/buildlink3.mk"
.endif # POLYMUX_BUILDLINK3_MK

BUILDLINK_TREE+=	-polymux
